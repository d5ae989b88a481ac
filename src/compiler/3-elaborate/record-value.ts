import { unknownField } from '../../diagnostics/catalogue/name.js'
import { wrongType } from '../../diagnostics/catalogue/type.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import type { Expression } from '../1-parse/syntax.js'
import { type GivenArguments, bindArguments } from './arguments.js'
import { bindParameters } from './parameters.js'
import { type Elaboration, fail } from './elaboration.js'
import { Environment } from './environment.js'
import { evaluate } from './evaluate.js'
import { originOf } from './size-origins.js'
import { matchType } from './types.js'
import { type RecordType, type RecordVal, describe, none, record } from './values.js'

/** A record of a declared type, of the fields that are given and the defaults of the others. */
export function makeRecord(x: Elaboration, type: RecordType, given: GivenArguments): RecordVal {
  const { fields, name } = type.declaration
  const environment = new Environment(type.environment)
  x.reached.add(type.declaration)
  bindParameters(x, name.text, fields, given, environment, name.span)
  const names = fields.map((f) => f.name.text)
  const bound = bindArguments(x, name.text, names, given.list, name.span)
  const origins = fields.map((f): [string, Span] => {
    const argument = bound.get(f.name.text)
    return [f.name.text, argument?.origin ?? argument?.span ?? f.span]
  })
  const values = new Map(names.map((field) => [field, environment.get(field) ?? none]))
  return record(values, { type, origins: new Map(origins) })
}

/** `r with { a: 1 }`. */
export function copyWith(x: Elaboration, e: Expression & { kind: 'with' }, env: Environment): RecordVal {
  const object = evaluate(x, e.object, env)
  if (object.kind !== 'record')
    return fail(wrongType(e.object.span, { wanted: 'a record', got: describe(object) }))
  const { type } = object
  const fields = new Map(object.fields)
  const origins = new Map(object.origins)
  for (const { name, value: given } of e.fields) {
    const known = [...object.fields.keys()]
    if (!fields.has(name.text)) {
      const suggestion = closest(name.text, known)
      return fail(unknownField(name.span, { name: name.text, object: describe(object), suggestion, known }))
    }
    const value = evaluate(x, given, env)
    const declared = type?.declaration.fields.find((f) => f.name.text === name.text)?.type
    const site = { what: `\`${name.text}\` of \`${type?.declaration.name.text}\``, span: given.span }
    fields.set(
      name.text,
      declared && type ? matchType(x, declared, value, new Environment(type.environment), site) : value,
    )
    origins.set(name.text, originOf(given, env) ?? given.span)
  }
  return record(fields, type ? { type, origins } : {})
}

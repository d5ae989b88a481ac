import { keysOf } from './config-reader.js'
import type { Elaboration } from './elaboration.js'
import { Environment } from './environment.js'
import { evaluate, items } from './evaluate.js'
import { architectureOf, configOf } from './model-directory.js'
import { type Instance, type RecordVal, type Val, none } from './values.js'

/**
 * What `config.json` of a model says, from the record that mirrors it: the fields under upstream's keys, the keys whose
 * value is fixed, and the class of the module. Null where the model has no such record or its module names no class.
 * It is a text because upstream tells 1.0 from 1.
 */
export function configText(x: Elaboration, { declaration, environment }: Instance): string | null {
  const config = configOf(declaration, environment)
  const architecture = architectureOf(declaration)
  const value = config && environment.get(config.name.text)
  if (value?.kind !== 'record' || architecture === undefined) return null
  const keys = keysAndTexts(x, value, '  ')
  // transformers tells models apart by their type, diffusers by their class
  const own: readonly [string, string] = keys.has('model_type')
    ? ['architectures', `[${JSON.stringify(architecture)}]`]
    : ['_class_name', JSON.stringify(architecture)]
  return `${objectText(new Map([own, ...keys]), '')}\n`
}

function keysAndTexts(x: Elaboration, record: RecordVal, indent: string): ReadonlyMap<string, string> {
  const { type, fields } = record
  if (!type) throw new Error('a record that mirrors a file has a type')
  const { declaration } = type
  const environment = new Environment(type.environment)
  for (const [name, value] of fields) environment.set(name, value)
  const written = new Map<string, string>()
  for (const rule of declaration.rules) {
    if (rule.kind !== 'fixed' || fields.has(rule.name.text)) continue
    const [first = none] = items(evaluate(x, rule.values, environment), rule.values.span)
    written.set(rule.name.text, textOf(first))
  }
  for (const field of declaration.fields) {
    const value = fields.get(field.name.text) ?? none
    const [key = field.name.text] = keysOf(field)
    if (value.kind !== 'record') written.set(key, textOf(value))
    // a record that mirrors another file stands there
    else if (value.type?.declaration.mirrors?.text === declaration.mirrors?.text)
      written.set(key, objectText(keysAndTexts(x, value, `${indent}  `), indent))
  }
  return written
}

const objectText = (keys: ReadonlyMap<string, string>, indent: string): string =>
  `{\n${[...keys].map(([key, text]) => `${indent}  ${JSON.stringify(key)}: ${text}`).join(',\n')}\n${indent}}`

/** A value as JSON, floats with a point. */
function textOf(value: Val): string {
  switch (value.kind) {
    case 'float':
      return Number.isInteger(value.value) ? value.value.toFixed(1) : JSON.stringify(value.value)
    case 'int':
    case 'bool':
    case 'string':
      return JSON.stringify(value.value)
    case 'list':
    case 'tuple':
      return `[${value.items.map(textOf).join(', ')}]`
    default:
      return 'null'
  }
}

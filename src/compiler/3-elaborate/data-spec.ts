import { badField, unknownSource } from '../../diagnostics/catalogue/data.js'
import { badArguments, wrongType } from '../../diagnostics/catalogue/type.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import { findHostFunction, findSource, functions, sources } from '../../sources/registry.js'
import type { ColumnType, SettingParameter } from '../../sources/source.js'
import { formatType, sameShape } from '../../graph/types.js'
import type { DataField, DataItem, Expression } from '../1-parse/syntax.js'
import type { DataSpec, HostExpression } from '../../artefact/data.js'
import type { Json } from '../../artefact/json.js'
import { bindStatic, missingArgument } from './arguments.js'
import { type Elaboration, fail } from './elaboration.js'
import type { Environment } from './environment.js'
import { evaluate } from './evaluate.js'
import { pathOf } from './path-of.js'
import { plain } from './plain.js'
import { dtypeOf, typeText } from './types.js'
import { type Val, describe } from './values.js'

/** A `data` declaration: its plan for the host, and how many rows its fields have in graphs. */
export interface DeclaredData {
  readonly spec: DataSpec
  /** Undefined where it is left to the compiler, since only evaluations read it. */
  readonly rows: number | undefined
  /** Of its name. */
  readonly span: Span
}

/** Checks a `data` declaration. A part of it is read with the names of the file in which that part stands. */
export const declaredData = (
  x: Elaboration,
  item: DataItem,
  environment: (file: string) => Environment,
): DeclaredData => ({
  spec: dataSpec(x, item, environment),
  rows: item.rows && rowsOf(evaluate(x, item.rows, environment(item.rows.span.file)), item.rows.span),
  span: item.name.span,
})

function rowsOf(value: Val, span: Span): number {
  if (value.kind === 'int' && value.value >= 1) return value.value
  const wanted = 'a number of rows, at least 1'
  return fail(wrongType(span, { wanted, got: describe(value), where: '`rows`' }))
}

function dataSpec(x: Elaboration, item: DataItem, environment: (file: string) => Environment): DataSpec {
  const { source: call } = item
  if (call?.kind !== 'call' || call.callee.kind !== 'name') {
    return fail(
      wrongType((call ?? item).span, {
        wanted: 'a data source such as `mnist(split = "test")`',
        got: 'something else',
        where: `data \`${item.name.text}\``,
      }),
    )
  }
  const { name } = call.callee
  const source = findSource(name)
  if (!source) {
    const known = sources.map((s) => s.name)
    return fail(unknownSource(call.callee.span, { name, suggestion: closest(name, known), known }))
  }
  const names = source.parameters.map((p) => p.name)
  const given = bindStatic(x, name, names, call.arguments, environment(call.span.file), call.span)
  const settings: Record<string, Json> = {}
  for (const parameter of source.parameters) {
    const argument = given.get(parameter.name)
    if (argument) settings[parameter.name] = setting(x, parameter, argument.value, argument.span, name)
    else if (parameter.default === undefined) missingArgument(name, parameter.name, names, call.span)
    else settings[parameter.name] = parameter.default
  }
  const columns = source.columns(settings)
  return {
    name: item.name.text,
    source: name,
    arguments: settings,
    fields: item.fields.map((f) => field(x, f, columns, environment(f.span.file))),
  }
}

function setting(x: Elaboration, parameter: SettingParameter, value: Val, span: Span, callee: string): Json {
  const wanted = {
    int: 'an int',
    float: 'a number',
    bool: 'true or false',
    string: 'a string',
    path: 'a path in quotes',
    strings: 'a list of strings',
    ints: 'a list of ints',
    floats: 'a list of numbers',
  }[parameter.kind]
  const each = (kinds: readonly Val['kind'][]): boolean =>
    value.kind === 'list' && value.items.every((v) => kinds.includes(v.kind))
  const fits = {
    int: value.kind === 'int',
    float: value.kind === 'int' || value.kind === 'float',
    bool: value.kind === 'bool',
    string: value.kind === 'string',
    path: value.kind === 'string',
    strings: each(['string']),
    ints: each(['int']),
    floats: each(['int', 'float']),
  }[parameter.kind]
  const where = `\`${parameter.name}\` of \`${callee}\``
  if (value.kind === 'string' && parameter.choices)
    x.texts.give(value, parameter.choices.map(String), { what: where, span })
  if (value.kind === 'string' && parameter.kind === 'path') return pathOf(value)
  if (fits) return allowed(parameter, plain(value), span, where)
  return fail(wrongType(span, { wanted, got: describe(value), where }))
}

/** A setting of the right kind, when it is also one of the choices and not below the least value. */
function allowed({ choices, min }: SettingParameter, value: Json, span: Span, where: string): Json {
  for (const item of Array.isArray(value) ? value : [value]) {
    if (choices && !choices.includes(item)) {
      const suggestion = closest(String(item), choices.map(String))
      const help = suggestion === undefined ? undefined : `did you mean ${JSON.stringify(suggestion)}?`
      const wanted = `one of ${choices.map((c) => JSON.stringify(c)).join(', ')}`
      return fail(wrongType(span, { wanted, got: JSON.stringify(item), where, help }))
    }
    if (min !== undefined && typeof item === 'number' && item < min) {
      return fail(wrongType(span, { wanted: `a number of at least ${min}`, got: String(item), where }))
    }
  }
  return value
}

type Columns = Readonly<Record<string, ColumnType>>

function field(x: Elaboration, f: DataField, columns: Columns, env: Environment): DataSpec['fields'][number] {
  const { type } = f
  if (type.kind !== 'tensor-type') {
    return fail(
      badField(type.span, {
        message: `field \`${f.name.text}\` must be a tensor, got ${typeText(type)}`,
        help: 'for text use a host function such as `word_tokens`',
      }),
    )
  }
  const shape = type.dims.map((d) => {
    const size: Val = d.kind === 'dim' ? evaluate(x, d.value, env) : { kind: 'none' }
    return size.kind === 'int' && size.value >= 1
      ? size.value
      : fail(wrongType(d.span, { wanted: 'a size, at least 1', got: describe(size) }))
  })
  const dtype = dtypeOf(type.dtype)
  const { value, type: made } = hostExpression(x, f.value, columns, env)
  if (made.kind === 'string') {
    const example = `${f.name.text}: i64[8] = word_tokens(${f.value.kind === 'name' ? f.value.name : 'name'}, length = 8, vocabulary = "words.txt")`
    return fail(
      badField(f.value.span, {
        message: `field \`${f.name.text}\` is text, which no graph can take`,
        help: `turn it into numbers: ${example}`,
      }),
    )
  }
  if (made.dtype !== dtype || !sameShape(made.shape, shape)) {
    return fail(
      badField(f.value.span, {
        message: `field \`${f.name.text}\` is declared ${formatType({ dtype, shape })}, this gives ${formatType(made)}`,
        help: `declare it ${formatType(made)}`,
      }),
    )
  }
  return { name: f.name.text, dtype, shape, value }
}

/** A column, or a host function of columns with static settings. */
function hostExpression(
  x: Elaboration,
  e: Expression,
  columns: Columns,
  env: Environment,
): { value: HostExpression; type: ColumnType } {
  if (e.kind === 'name') {
    const type = Object.hasOwn(columns, e.name) ? columns[e.name] : undefined
    const known = Object.keys(columns)
    if (type) return { value: { kind: 'column', name: e.name }, type }
    const suggestion = closest(e.name, known)
    const help =
      suggestion === undefined
        ? `it has ${known.map((k) => `\`${k}\``).join(', ')}`
        : `did you mean \`${suggestion}\`?`
    return fail(badField(e.span, { message: `the source has no column \`${e.name}\``, help, suggestion }))
  }
  if (e.kind !== 'call' || e.callee.kind !== 'name') {
    return fail(
      badField(e.span, {
        message: 'a field is a column of the source or a host function of one',
        help: 'compute the rest in a `let` of the pipeline',
      }),
    )
  }
  const callee = e.callee.name
  const fn = findHostFunction(callee)
  if (!fn) {
    const known = functions.map((f) => f.name)
    return fail(
      badField(e.callee.span, {
        message: `there is no host function \`${callee}\``,
        help: `there are ${known.map((k) => `\`${k}\``).join(', ')}`,
      }),
    )
  }
  const names = fn.parameters.map((p) => p.name)
  const args: Record<string, HostExpression> = {}
  const types: Record<string, ColumnType> = {}
  const settings: Record<string, Json> = {}
  e.arguments.forEach((a, k) => {
    const name = a.name?.text ?? names[k]
    const parameter = fn.parameters.find((p) => p.name === name)
    if (name === undefined || !parameter) {
      return fail(
        badArguments(a.span, {
          message: `\`${callee}\` has no parameter \`${name ?? k + 1}\``,
          help: `it is \`${callee}(${names.join(', ')})\``,
        }),
      )
    }
    if (parameter.kind === 'column') {
      const column = hostExpression(x, a.value, columns, env)
      args[name] = column.value
      types[name] = column.type
    } else {
      settings[name] = setting(
        x,
        { name, kind: parameter.kind, doc: '' },
        evaluate(x, a.value, env),
        a.value.span,
        callee,
      )
      args[name] = { kind: 'literal', value: settings[name] }
    }
  })
  for (const p of fn.parameters) {
    if (args[p.name]) continue
    if (p.default === undefined) missingArgument(callee, p.name, names, e.span)
    else {
      settings[p.name] = p.default
      args[p.name] = { kind: 'literal', value: p.default }
    }
  }
  return { value: { kind: 'call', function: callee, arguments: args }, type: fn.type(types, settings) }
}

import type { Json } from '../../artefact/json.js'
import { wrongType } from '../../diagnostics/catalogue/type.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import { colourOf } from '../../colour.js'
import { columnType } from '../../sources/column-type.js'
import type { SettingParameter } from '../../sources/source.js'
import { type Elaboration, fail } from './elaboration.js'
import { pathOf } from './path-of.js'
import { plain } from './plain.js'
import { type Val, describe } from './values.js'

/** A static value as a setting of a source or host function. */
export function pluginSetting(
  x: Elaboration,
  parameter: SettingParameter,
  value: Val,
  span: Span,
  callee: string,
): Json {
  const wanted = {
    int: 'an int',
    float: 'a number',
    bool: 'true or false',
    string: 'a string',
    path: 'a path in quotes',
    strings: 'a list of strings',
    ints: 'a list of ints',
    floats: 'a list of numbers',
    size: 'a number of pixels or [height, width]',
    colour: 'a colour such as "#ff8000"',
    columns: 'a record of types such as { image: "picture", label: "i64[]", caption: "text" }',
    record: 'a record',
  }[parameter.kind]
  const each = (kinds: readonly Val['kind'][]): boolean =>
    (value.kind === 'list' || value.kind === 'tuple') && value.items.every((v) => kinds.includes(v.kind))
  const fits = {
    int: value.kind === 'int',
    float: value.kind === 'int' || value.kind === 'float',
    bool: value.kind === 'bool',
    string: value.kind === 'string',
    path: value.kind === 'string',
    strings: each(['string']),
    ints: each(['int']),
    floats: each(['int', 'float']),
    size: value.kind === 'int' || (each(['int']) && 'items' in value && value.items.length === 2),
    colour: value.kind === 'string' && colourOf(value.value) !== undefined,
    columns: isColumns(value),
    record: value.kind === 'record',
  }[parameter.kind]
  const where = `\`${parameter.name}\` of \`${callee}\``
  if (value.kind === 'string' && parameter.choices)
    x.texts.give(value, parameter.choices.map(String), { what: where, span })
  if (value.kind === 'string' && parameter.kind === 'path') return pathOf(value)
  if (fits) return allowed(parameter, plain(value), span, where)
  return fail(wrongType(span, { wanted, got: describe(value), where }))
}

/** A setting of the right kind, when it is also one of the choices and not below the least value. */
function allowed({ choices, min, max }: SettingParameter, value: Json, span: Span, where: string): Json {
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
    if (max !== undefined && typeof item === 'number' && item > max)
      return fail(wrongType(span, { wanted: `a number of at most ${max}`, got: String(item), where }))
  }
  return value
}

const isColumns = (value: Val): boolean =>
  value.kind === 'record' &&
  [...value.fields.values()].every((v) => v.kind === 'string' && columnType(v.value) !== undefined)

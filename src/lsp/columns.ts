import type { Json, Settings } from '../artefact/json.js'
import type { DataItem, Expression } from '../compiler/1-parse/syntax.js'
import { findOperation } from '../sources/operations.js'
import { findSource } from '../sources/registry.js'
import type { ColumnType, DataSource, SettingParameter } from '../sources/source.js'

/** What names mean that stand for parts of a row: columns, and `let`s of declarations whose rows are taken. */
export type RowNames = ReadonlyMap<string, ColumnType | 'let'>

/** Those of the rows behind `data name =`, as far as the text tells; `named` finds other declarations. */
export function rowNames(
  rows: Expression | undefined,
  named: (name: string) => DataItem | undefined,
  seen: ReadonlySet<DataItem> = new Set(),
): RowNames {
  if (rows?.kind === 'name') {
    const item = named(rows.name)
    if (!item || seen.has(item)) return new Map()
    const lets = item.lets.map(({ name }) => [name.text, 'let'] as const)
    return new Map([...rowNames(item.source, named, new Set([...seen, item])), ...lets])
  }
  if (rows?.kind === 'list') return new Map(rows.items.flatMap((item) => [...rowNames(item, named, seen)]))
  if (rows?.kind !== 'call' || rows.callee.kind !== 'name') return new Map()
  const { callee, arguments: given } = rows
  // what an operation takes besides rows is no data
  if (findOperation(callee.name))
    return new Map(given.flatMap(({ value }) => [...rowNames(value, named, seen)]))
  const source = findSource(callee.name)
  return new Map(source ? Object.entries(source.columns(settingsOf(source, rows))) : [])
}

/** The arguments that are written as plain values of the right kind, and the defaults of others. */
function settingsOf({ parameters }: DataSource, call: Expression & { readonly kind: 'call' }): Settings {
  const settings = new Map(
    parameters.flatMap((p) => (p.default === undefined ? [] : [[p.name, p.default] as const])),
  )
  call.arguments.forEach(({ name, value }, k) => {
    const parameter = parameters.find((p, place) => (name ? p.name === name.text : place === k))
    const written = plain(value)
    if (parameter && typeof written === typeOf[parameter.kind]) settings.set(parameter.name, written ?? null)
  })
  return Object.fromEntries(settings)
}

const typeOf: Readonly<Record<SettingParameter['kind'], string>> = {
  int: 'number',
  float: 'number',
  bool: 'boolean',
  string: 'string',
  path: 'string',
  colour: 'string',
  strings: 'object',
  ints: 'object',
  floats: 'object',
  size: 'object',
  columns: 'object',
  record: 'object',
}

function plain(e: Expression): Json | undefined {
  switch (e.kind) {
    case 'int':
    case 'float':
    case 'string':
    case 'bool':
      return e.value
    case 'list':
      return e.items.flatMap((item) => plain(item) ?? [])
    case 'record':
      return Object.fromEntries(e.fields.map((f) => [f.name.text, plain(f.value) ?? null]))
    default:
      return undefined
  }
}

import { type CompletionItem, CompletionItemKind } from 'vscode-languageserver'
import type { DataItem, Expression } from '../compiler/1-parse/syntax.js'
import { visitRows } from '../compiler/2-resolve/row-expressions.js'
import { columnText } from '../sources/column-type.js'
import { type Catalogue, dataFunctions, rowPlugins } from './catalogue.js'
import { rowNames } from './columns.js'
import { type NameScope, type SourceSymbol, within } from './symbols.js'

/** What can be typed at a place of a `data`: what a row has, symbols, plug-ins by name, and words. */
export interface DataOffer {
  readonly columns: readonly CompletionItem[]
  readonly symbols: readonly SourceSymbol[]
  readonly entries: Catalogue
  readonly words: readonly 'let'[]
}

/** What can be typed there, or nothing where it is a value as any other. */
export function offeredInData(
  item: DataItem,
  scope: NameScope,
  start: number,
  beginsLine: boolean,
): DataOffer | undefined {
  const named = (name: string): DataItem | undefined => {
    const declaration = scope.get(name)?.declaration
    return declaration?.kind === 'data' ? declaration : undefined
  }
  // one that overrides keeps the rows of what it overrides
  const rows = item.source ?? named(item.name.text)?.source
  const columns = [...rowNames(rows, named)].map(([name, type]): CompletionItem => ({
    label: name,
    kind: CompletionItemKind.Field,
    detail: type === 'let' ? 'computed of a row' : columnText(type),
    sortText: `0 ${name}`,
  }))
  const locals = scope.all().filter(({ kind }) => kind === 'local')
  const nothing: DataOffer = { columns: [], symbols: [], entries: new Map(), words: [] }
  const values = [...item.fields, ...item.lets].map(({ value }) => value)
  if (values.some(({ span }) => within(span, start)))
    return { ...nothing, columns, symbols: [...locals, ...params(scope)], entries: dataFunctions }
  const inside = item.source && spokenOf(item.source, start)
  if (inside === 'rows') {
    const others = scope.all().filter(({ kind, name }) => kind === 'data' && name !== item.name.text)
    return { ...nothing, symbols: others, entries: rowPlugins }
  }
  if (inside === 'columns') return { ...nothing, columns, symbols: params(scope) }
  const head = item.source?.span.end ?? item.name.span.end
  if (!beginsLine || start <= head) return undefined
  const fields = new Set(item.fields.map(({ name }) => name.text))
  return { ...nothing, columns: columns.filter(({ label }) => !fields.has(label)), words: ['let'] }
}

const params = (scope: NameScope): readonly SourceSymbol[] =>
  scope.all().filter(({ kind }) => kind === 'param')

/** What a place behind `data name =` speaks of. */
function spokenOf(source: Expression, start: number): 'rows' | 'columns' | undefined {
  let found: 'rows' | 'columns' | undefined
  visitRows(source, {
    data: ({ span }) => {
      if (within(span, start)) found = 'rows'
    },
    columns: ({ span }) => {
      if (within(span, start)) found = 'columns'
    },
    value: () => undefined,
  })
  return found
}

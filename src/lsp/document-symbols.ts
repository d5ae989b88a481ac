import { type DocumentSymbol, SymbolKind } from 'vscode-languageserver'
import { itemNames } from '../compiler/2-resolve/flatten.js'
import { namesOf } from '../compiler/2-resolve/program.js'
import type { Declaration, Identifier, PipelineItem } from '../compiler/1-parse/syntax.js'
import type { Span } from '../diagnostics/diagnostic.js'
import { rangeOf } from './positions.js'
import type { Workspace } from './workspace.js'

const kinds: Readonly<Record<string, SymbolKind>> = {
  fn: SymbolKind.Function,
  module: SymbolKind.Class,
  record: SymbolKind.Struct,
  pipeline: SymbolKind.Module,
  param: SymbolKind.Constant,
  data: SymbolKind.Array,
  model: SymbolKind.Object,
  loss: SymbolKind.Number,
  stage: SymbolKind.Event,
  update: SymbolKind.Event,
  evaluate: SymbolKind.Method,
  weight: SymbolKind.Field,
  field: SymbolKind.Field,
}

/** The outline of a file. */
export function documentSymbols(workspace: Workspace, path: string): readonly DocumentSymbol[] {
  const one = (
    kind: string,
    name: Identifier,
    span: Span,
    children: readonly DocumentSymbol[] = [],
  ): DocumentSymbol[] =>
    name.text === ''
      ? []
      : [
          {
            name: name.text,
            detail: kind,
            kind: kinds[kind] ?? SymbolKind.Variable,
            range: rangeOf(workspace, span),
            selectionRange: rangeOf(workspace, name.span),
            children: [...children],
          },
        ]
  const itemSymbols = (item: PipelineItem): DocumentSymbol[] => {
    if (item.kind === 'remove' || item.kind === 'export' || item.kind === 'allow') return []
    if (item.kind === 'next') return one('next', item.name, item.span)
    if (item.kind === 'stage') {
      const updates = item.clauses.flatMap((c) => (c.kind === 'update' ? one('update', c.name, c.span) : []))
      return one('stage', item.name, item.span, updates)
    }
    return itemNames(item).flatMap((name) => one(item.kind, name, item.span))
  }
  const declarationSymbols = (d: Declaration): DocumentSymbol[] => {
    if (d.kind === 'let') return namesOf(d).flatMap((name) => one('let', name, d.span))
    const inner =
      d.kind === 'pipeline'
        ? d.items.flatMap(itemSymbols)
        : d.kind === 'module'
          ? d.members.flatMap((m) => one(m.kind, m.name, m.span))
          : d.kind === 'record'
            ? d.fields.flatMap((f) => one('field', f.name, f.span))
            : []
    return one(d.kind, d.name, d.span, inner)
  }
  return workspace.tree(path)?.declarations.flatMap(declarationSymbols) ?? []
}

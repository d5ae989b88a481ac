import type { Span } from '../diagnostics/diagnostic.js'
import type {
  DataField,
  Declaration,
  ModuleMember,
  MonitorClause,
  Parameter,
  PipelineItem,
  UpdateItem,
} from '../compiler/1-parse/syntax.js'

export type SymbolKind =
  | Declaration['kind']
  | Exclude<PipelineItem['kind'], 'export' | 'remove' | 'allow' | 'next'>
  | ModuleMember['kind']
  | 'parameter'
  | 'record-field'
  | 'data-field'
  | 'monitor'
  | 'update'
  | 'variant'
  | 'alias'
  | 'local'
  | 'dimension'

/** Something that a program names: where its name was first written, and what it stands for. */
export interface SourceSymbol {
  readonly kind: SymbolKind
  readonly name: string
  /** The name where it is declared. */
  readonly span: Span
  readonly declaration?: Declaration | PipelineItem | ModuleMember | MonitorClause | UpdateItem
  /** Of a parameter or a field. */
  readonly parameter?: Parameter | DataField
  /** What is reached by a dot or as an argument by name: parameters, members, fields, items of a pipeline. */
  readonly members: Map<string, SourceSymbol>
  /** The module, record, function, data set or pipeline that it belongs to. */
  readonly owner?: SourceSymbol
  /** What an alias stands for. */
  readonly target?: SourceSymbol
  /** The type of its value, as far as the text tells without evaluation. */
  readonly type: () => StaticType | undefined
}

/** A value of a module, record or data set, or a list of such values. */
export interface StaticType {
  readonly of: SourceSymbol
  readonly list: boolean
}

/** A place where a symbol is named. */
export interface Occurrence {
  readonly span: Span
  readonly symbol: SourceSymbol
  readonly scope: NameScope
  readonly declares: boolean
}

/** Names that can be seen from a place; inner ones hide outer ones. */
export class NameScope {
  private readonly names = new Map<string, SourceSymbol>()

  constructor(readonly parent?: NameScope) {}

  get(name: string): SourceSymbol | undefined {
    return this.names.get(name) ?? this.parent?.get(name)
  }

  inner(): NameScope {
    return new NameScope(this)
  }

  set(symbol: SourceSymbol): SourceSymbol {
    this.names.set(symbol.name, symbol)
    return symbol
  }

  own(name: string): SourceSymbol | undefined {
    return this.names.get(name)
  }

  /** Everything that can be seen, inner names first. */
  all(): readonly SourceSymbol[] {
    const found = new Map(this.names)
    for (const symbol of this.parent?.all() ?? []) if (!found.has(symbol.name)) found.set(symbol.name, symbol)
    return [...found.values()]
  }
}

/** A symbol whose type is asked for late, once, and which is of no type while that is being found out. */
export function symbol(
  kind: SymbolKind,
  name: { readonly text: string; readonly span: Span },
  rest: Partial<Pick<SourceSymbol, 'declaration' | 'parameter' | 'owner' | 'target'>> & {
    readonly typed?: () => StaticType | undefined
  } = {},
): SourceSymbol {
  const { typed, ...more } = rest
  let state: 'new' | 'busy' | 'known' = 'new'
  let known: StaticType | undefined
  const type = (): StaticType | undefined => {
    if (state !== 'new') return known
    state = 'busy'
    known = typed?.()
    state = 'known'
    return known
  }
  return { kind, name: name.text, span: name.span, members: new Map(), type, ...more }
}

/** What a name stands for in the end. */
export const resolved = (found: SourceSymbol): SourceSymbol => (found.target ? resolved(found.target) : found)

export const within = (span: Span, offset: number): boolean => span.start <= offset && offset <= span.end

export const sameSpan = (a: Span, b: Span): boolean =>
  a.file === b.file && a.start === b.start && a.end === b.end

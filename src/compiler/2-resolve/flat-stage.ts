import { duplicateName } from '../../diagnostics/catalogue/name.js'
import { needsOverride, nothingToOverride, nothingToRemove } from '../../diagnostics/catalogue/pipeline.js'
import type { Diagnostics, Span } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import type { Identifier, RemoveItem, StageClause, StageItem, UpdateItem } from '../1-parse/syntax.js'

export interface FlatClause {
  readonly clause: StageClause
  readonly file: string
  readonly inherited?: true
}

export interface FlatStage {
  readonly name: Identifier
  readonly span: Span
  readonly clauses: readonly FlatClause[]
  /** What a round of it runs, in order; none where a step is one update, which the stage's own clauses say. */
  readonly updates: readonly FlatUpdate[]
  readonly inherited: boolean
}

export interface FlatUpdate {
  readonly name: Identifier
  readonly span: Span
  readonly clauses: readonly FlatClause[]
  readonly inherited: boolean
}

/** The clauses of a stage and of its updates. */
export const allClauses = ({ clauses, updates }: FlatStage): readonly FlatClause[] => [
  ...clauses,
  ...updates.flatMap((update) => update.clauses),
]

/** Clauses of one key replace each other: monitors and what is allowed by name, `epochs` and `steps`, all others by kind. */
export const clauseKey = (clause: StageClause): string =>
  clause.kind === 'monitor'
    ? `monitor ${clause.name.text}`
    : clause.kind === 'allow'
      ? `allow ${clause.code.text}`
      : clause.kind === 'clause'
        ? clause.name.text === 'epochs'
          ? 'steps'
          : clause.name.text
        : clause.kind === 'keep'
          ? clause.best
            ? 'keep best'
            : 'keep last'
          : clause.kind === 'guard'
            ? 'stop when loss'
            : clause.kind

/** A stage over the one that it overrides, or a new one: clauses by their keys, updates by their names. */
export function flatStage(
  item: StageItem,
  base: FlatStage | undefined,
  file: string,
  diagnostics: Diagnostics,
): FlatStage {
  const removals = item.clauses.filter((entry) => entry.kind === 'remove')
  const kept = base ? withoutRemoved(base, removals, diagnostics) : undefined
  if (!base)
    for (const { what, name, span } of removals) refuseRemoval(what.text, name, span, [], diagnostics)
  const clauses = item.clauses.flatMap((clause): FlatClause[] =>
    clause.kind === 'update' || clause.kind === 'remove' ? [] : [{ clause, file }],
  )
  let updates: readonly FlatUpdate[] = (kept?.updates ?? []).map((u) => ({ ...u, inherited: true }))
  for (const update of item.clauses)
    if (update.kind === 'update') updates = addUpdate(update, file, updates, diagnostics)
  return {
    name: base?.name ?? item.name,
    span: base?.span ?? item.name.span,
    clauses: overClauses(kept?.clauses ?? [], clauses),
    updates,
    inherited: false,
  }
}

function withoutRemoved(
  base: FlatStage,
  removals: readonly RemoveItem[],
  diagnostics: Diagnostics,
): Pick<FlatStage, 'clauses' | 'updates'> {
  let { clauses, updates } = base
  for (const { what, name, span } of removals) {
    const monitors = clauses.flatMap(({ clause }) => (clause.kind === 'monitor' ? [clause.name.text] : []))
    const known = what.text === 'update' ? updates.map((u) => u.name.text) : monitors
    if (!known.includes(name.text)) refuseRemoval(what.text, name, span, known, diagnostics)
    else if (what.text === 'update') updates = updates.filter((u) => u.name.text !== name.text)
    else clauses = clauses.filter(({ clause }) => clauseKey(clause) !== `monitor ${name.text}`)
  }
  return { clauses, updates }
}

function refuseRemoval(
  kind: string,
  { text: name }: Identifier,
  span: Span,
  known: readonly string[],
  diagnostics: Diagnostics,
): void {
  diagnostics.add(nothingToRemove(span, { kind, name, suggestion: closest(name, known), other: undefined }))
}

function addUpdate(
  item: UpdateItem,
  file: string,
  updates: readonly FlatUpdate[],
  diagnostics: Diagnostics,
): readonly FlatUpdate[] {
  const { text: name, span } = item.name
  const clauses = item.clauses.map((clause) => ({ clause, file }))
  const existing = updates.find((u) => u.name.text === name)
  if (item.override) {
    if (existing?.inherited) {
      const over = { ...existing, clauses: overClauses(existing.clauses, clauses), inherited: false }
      return updates.map((u) => (u === existing ? over : u))
    }
    const known = updates.flatMap((u) => (u.inherited ? [u.name.text] : []))
    const suggestion = closest(name, known)
    diagnostics.add(nothingToOverride(span, { kind: 'update', name, suggestion, other: undefined }))
    return updates
  }
  if (existing) {
    const first = existing.name.span
    diagnostics.add(
      existing.inherited
        ? needsOverride(span, { kind: 'update', name, inherited: first, declaration: item.span })
        : duplicateName(span, { name, first }),
    )
    return updates
  }
  return [...updates, { name: item.name, span, clauses, inherited: false }]
}

/** Clauses over those that they replace. */
function overClauses(base: readonly FlatClause[], own: readonly FlatClause[]): readonly FlatClause[] {
  const replaced = new Set(own.map(({ clause }) => clauseKey(clause)))
  const kept = base.filter(({ clause }) => !replaced.has(clauseKey(clause)))
  return [...kept.map((c) => ({ ...c, inherited: true as const })), ...own]
}

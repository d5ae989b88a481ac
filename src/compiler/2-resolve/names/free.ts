import type { Span } from '../../../diagnostics/diagnostic.js'
import type { Expression, Identifier, NextItem, PipelineItem, StageEntry } from '../../1-parse/syntax.js'
import { followClause } from './clauses.js'
import type { Binding, Follower, Part, Use } from './follower.js'
import { followItem } from './items.js'

/** The name by which a module asks whether it is trained. */
export const mode = 'training'

/**
 * Called at each name that is not a local of the code around it; `what` it names, where that is no value; and the locals
 * that it might have been, inner ones first.
 */
export type OnName = (
  name: string,
  span: Span,
  what?: 'initial value' | 'data' | 'column',
  locals?: readonly ReadonlySet<string>[],
) => void

/** The locals that can be seen from a place. */
export interface Locals {
  readonly names: Set<string>
  readonly outer?: Locals
  /** Whether it is a scope to a reader also while nothing is in it. */
  readonly shows: boolean
}

/** Tells of names that are not bound in what is walked through. */
export class FreeNames implements Follower<Locals | undefined> {
  constructor(private readonly onName: OnName) {}

  inner(outer: Locals | undefined, part: Part): Locals | undefined {
    // items and clauses see the names of their pipeline, which are no locals
    const names = part.kind === 'declaration' ? membersOf(part.node) : new Set<string>()
    if (!names || part.kind === 'variant' || (part.kind === 'item' && part.node.kind !== 'data')) return outer
    const shows = part.kind !== 'clause' && part.kind !== 'item'
    return { names, shows, ...(outer ? { outer } : {}) }
  }

  bind(scope: Locals | undefined, { name }: Binding): void {
    scope?.names.add(name.text)
  }

  use(scope: Locals | undefined, { text, span }: Identifier, as: Use): void {
    if (as === 'declaration' || as === 'row') return
    const locals: ReadonlySet<string>[] = []
    for (let s = scope; s; s = s.outer) {
      if (s.names.has(text)) return
      if (s.shows || s.names.size > 0) locals.push(s.names)
    }
    this.onName(text, span, as === 'value' ? undefined : as, locals)
  }
}

function membersOf(d: (Part & { kind: 'declaration' })['node']): Set<string> | undefined {
  if (d.kind === 'record') return new Set()
  if (d.kind !== 'module') return undefined
  return new Set([...[...d.parameters, ...d.members].map((m) => m.name.text), mode])
}

/** The names that an item of a pipeline uses, its own locals left out. */
export const itemNamesUsed = (item: PipelineItem | NextItem, onName: OnName): void =>
  followItem(new FreeNames(onName), item, undefined)

/** The same of a clause. */
export const clauseNamesUsed = (clause: StageEntry, onName: OnName): void =>
  followClause(new FreeNames(onName), clause, undefined)

/** The expressions that are evaluated as values of the pipeline. */
class Values extends FreeNames {
  readonly found: Expression[] = []

  constructor() {
    super(() => undefined)
  }

  value(e: Expression): void {
    this.found.push(e)
  }
}

/** Those of an item; the body of a function is none. */
export function itemValues(item: PipelineItem): readonly Expression[] {
  const values = new Values()
  followItem(values, item, undefined)
  return values.found
}

/** Those of a clause. */
export function clauseValues(clause: StageEntry): readonly Expression[] {
  const values = new Values()
  followClause(values, clause, undefined)
  return values.found
}

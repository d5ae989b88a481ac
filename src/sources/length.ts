import type { DataSpec, RowPlan } from '../artefact/data.js'
import { findSource } from './registry.js'

/** The places between which the rows of a part lie: the end of one part is the beginning of the next. */
export const bounds = (from: number, to: number, length: number): readonly [number, number] => [
  Math.round(from * length),
  Math.round(to * length),
]

/** How many rows a plan gives, where that follows from the text of the pipeline. */
export function lengthOf(plan: RowPlan): number | undefined {
  if (plan.kind === 'source') return findSource(plan.source)?.length?.(plan.arguments)
  const of = lengthOf(plan.of)
  switch (plan.kind) {
    case 'part': {
      if (of === undefined || plan.by) return undefined
      const [start, end] = bounds(plan.from, plan.to, of)
      return end - start
    }
    case 'limit':
      return of === undefined ? undefined : Math.min(of, plan.count)
    case 'where':
      return undefined
    case 'pairs':
      return of
  }
}

/** The rows of a declaration: an epoch. */
export function dataLength({ parts }: Pick<DataSpec, 'parts'>): number | undefined {
  const lengths = parts.map(({ rows }) => lengthOf(rows))
  return lengths.reduce<number | undefined>(
    (sum, length) => (sum === undefined || length === undefined ? undefined : sum + length),
    0,
  )
}

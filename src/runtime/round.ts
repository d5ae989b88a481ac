import type { StageSpec, UpdateSpec } from '../artefact/stages.js'

/** One run of an update: with the micro-batches of its optimizer step. */
export interface Execution {
  readonly update: UpdateSpec
  /** The place of the update in its stage. */
  readonly index: number
  /** Counts the executions of the update, from 1. */
  readonly number: number
  /** The last one of its update in the round, whose metrics are those of the round. */
  readonly isLast: boolean
  /** The rows of a data set that all executions before it took. */
  rowsBefore(data: string): number
}

/** What a round of a stage runs, in order; rounds count from 1. */
export function executionsOf(stage: StageSpec, round: number): readonly Execution[] {
  const perRound = rowsOfRound(stage)
  const taken = new Map([...perRound].map(([data, rows]) => [data, (round - 1) * rows]))
  return stage.updates.flatMap((update, index) => {
    const rows = rowsOf(update)
    return Array.from({ length: update.times }, (_, k): Execution => {
      const before = new Map(taken)
      for (const [data, count] of rows) taken.set(data, (taken.get(data) ?? 0) + count)
      return {
        update,
        index,
        number: (round - 1) * update.times + k + 1,
        isLast: k === update.times - 1,
        rowsBefore: (data) => before.get(data) ?? 0,
      }
    })
  })
}

/** The rows of each data set that a round takes. */
export function rowsOfRound({ updates }: StageSpec): ReadonlyMap<string, number> {
  const total = new Map<string, number>()
  for (const update of updates)
    for (const [data, rows] of rowsOf(update)) total.set(data, (total.get(data) ?? 0) + update.times * rows)
  return total
}

/** The rows that one execution takes, those that its monitors alone read too. */
function rowsOf({ graphs, accumulate }: UpdateSpec): ReadonlyMap<string, number> {
  const rows = new Map<string, number>()
  for (const { role, shape } of (graphs.monitored ?? graphs.step).inputs)
    if (role.kind === 'batch')
      rows.set(role.data, Math.max(rows.get(role.data) ?? 0, (shape[0] ?? 1) * accumulate))
  return rows
}

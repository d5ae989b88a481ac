import { join } from 'node:path'
import { valueIn } from '../report/columns.js'
import { readRun } from '../report/read-run.js'
import { type RunSummary, metricsAtEnd } from '../report/run-summary.js'
import { type Cell, type Experiment, type VariantSpec, cellsOf, selectingCells } from './experiment.js'
import { isOver, stateOf } from './outcome.js'
import { sampleOf } from './statistics/sample.js'

/** What was measured of the variants of a row, and which of them is gone on with. */
export interface Choice {
  readonly row: string
  readonly candidates: readonly Candidate[]
  /** Of those of which no run failed the best, of equal ones the first; null where there is none. */
  readonly chosen: VariantSpec | null
}

export interface Candidate {
  readonly variant: VariantSpec
  /** By seed; null: not measured. */
  readonly values: readonly (number | null)[]
  /** Null where a value is missing. */
  readonly mean: number | null
}

/** What is chosen for each row; undefined while runs that choose have not ended. */
export function choicesOf(
  directory: string,
  experiment: Experiment,
  read: (folder: string) => RunSummary = readRun,
): readonly Choice[] | undefined {
  const { select } = experiment
  const cells = selectingCells(experiment)
  if (!select || !cells.every((cell) => isOver(stateOf(directory, cell)))) return undefined
  const { evaluation, case: of, metric, better } = select.by
  const group = of === null ? evaluation : `${evaluation}.${of}`
  const valueOf = (cell: Cell): number | null =>
    stateOf(directory, cell).kind === 'done'
      ? valueIn(metricsAtEnd(read(join(directory, cell.folder)), group), metric).value
      : null
  const candidates = experiment.variants.map((variant): Candidate => {
    const values = cells.filter((cell) => cell.variant === variant).map(valueOf)
    const known = values.flatMap((value) => value ?? [])
    return { variant, values, mean: known.length === values.length ? sampleOf(known).mean : null }
  })
  const rows = [...new Set(experiment.variants.map(({ row }) => row))]
  return rows.map((row) => {
    const own = candidates.filter(({ variant }) => variant.row === row)
    return { row, candidates: own, chosen: best(own, better) }
  })
}

function best(candidates: readonly Candidate[], better: 'higher' | 'lower'): VariantSpec | null {
  const sign = better === 'higher' ? 1 : -1
  let found: { readonly variant: VariantSpec; readonly mean: number } | undefined
  for (const { variant, mean } of candidates)
    if (mean !== null && (!found || sign * mean > sign * found.mean)) found = { variant, mean }
  return found?.variant ?? null
}

/** An experiment with the variants that it compares: all, those that were chosen, or none yet. */
export function comparedOf<T extends Experiment>(
  directory: string,
  experiment: T,
  read?: (folder: string) => RunSummary,
): T {
  if (!experiment.select) return experiment
  const choices = choicesOf(directory, experiment, read) ?? []
  // without the base there is nothing to compare with
  const [base] = choices
  const variants = base?.chosen ? choices.flatMap(({ chosen }) => chosen ?? []) : []
  return { ...experiment, variants }
}

/** The runs that are known so far: those that choose, then those that are compared. */
export const knownCells = (directory: string, experiment: Experiment): readonly Cell[] => [
  ...selectingCells(experiment),
  ...cellsOf(comparedOf(directory, experiment)),
]

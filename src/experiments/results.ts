import { writeWhole } from '../durable.js'
import { inside } from '../inside.js'
import { Lease } from '../runtime/lease.js'
import type { Comparison } from '../report/compare.js'
import { compareRuns } from '../report/compare.js'
import { markdownTable } from '../report/table.js'
import { csvTable } from './tables/csv.js'
import { latexTable } from './tables/latex.js'
import { compareSeeds } from './compare-seeds.js'
import type { Frozen } from './frozen.js'
import { type Measured, measure } from './measured.js'
import { type StatisticsTable, statisticsOf } from './seed-statistics.js'

/** What an experiment has given so far. */
export interface Results {
  readonly measured: Measured
  readonly statistics: StatisticsTable
  readonly comparison: Comparison
}

/** Reads what the runs have measured, and what it says. */
export function resultsOf(directory: string, frozen: Frozen, read?: Parameters<typeof measure>[2]): Results {
  const measured = measure(directory, frozen, read)
  const statistics = statisticsOf(measured, frozen)
  const runs = measured.rows.flatMap((row) => row.flatMap(({ run }) => run ?? []))
  // runs of one seed each are compared with what they started from, by the noise of the measurement
  const single = frozen.seeds.length === 1
  const comparison = single
    ? compareRuns(runs, labelsOf(measured))
    : compareSeeds(measured, statistics, frozen)
  return { measured, statistics, comparison }
}

/** The labels of the variants that have a run which is done. */
const labelsOf = ({ rows }: Measured): readonly string[] =>
  rows.flatMap((row) => row.flatMap(({ run, cell }) => (run ? [cell.variant.label] : [])))

/**
 * Reads what the runs have given and writes it down, while no other process of the experiment does: the last one to do so
 * knows of all.
 */
export async function keepResults(
  directory: string,
  frozen: Frozen,
  read?: Parameters<typeof measure>[2],
): Promise<void> {
  const lease = await Lease.awaited(inside(directory, 'states', 'results.lease'), { every: 50 })
  try {
    writeResults(directory, frozen, resultsOf(directory, frozen, read))
  } finally {
    lease.release()
  }
}

/** Writes `results.json` with every number, and the tables that follow from it. */
export function writeResults(directory: string, frozen: Frozen, results: Results): void {
  const { measured, statistics, comparison } = results
  const { columns, rows } = measured
  const table = frozen.variants.map(({ label, pipeline, settings, hash }, v) => ({
    variant: label,
    pipeline,
    settings,
    hash,
    runs: (rows[v] ?? []).map(({ cell, state, run, start, end }) => ({
      seed: cell.seed,
      folder: cell.folder,
      state: state.kind,
      ...(state.kind === 'failed' ? { errors: state.errors } : {}),
      ...(run ? { start: start.map(({ value }) => value), end: end.map(({ value }) => value) } : {}),
      ...(run ? { noise: end.map(({ deviation }) => deviation) } : {}),
    })),
    statistics: statistics[v] ?? [],
  }))
  const whole = {
    version: 1,
    name: frozen.name,
    command: frozen.command,
    base: frozen.variants[0]?.label,
    seeds: frozen.seeds,
    primary: frozen.primary,
    columns: columns.map(({ group, metric, better }) => ({ evaluation: group, metric, better })),
    variants: table,
  }
  writeWhole(inside(directory, 'results.json'), `${JSON.stringify(whole, null, 2)}\n`)
  writeWhole(inside(directory, 'results.md'), `${markdownTable(comparison)}\n`)
  writeWhole(inside(directory, 'results.tex'), latexTable(comparison))
  writeWhole(inside(directory, 'results.csv'), csvTable(measured))
}

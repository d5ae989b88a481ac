import { writeWhole } from '../durable.js'
import { inside } from '../inside.js'
import { Lease } from '../runtime/lease.js'
import type { Comparison } from '../report/compare.js'
import { compareRuns } from '../report/compare.js'
import { markdownTable } from '../report/table.js'
import { csvTable } from './tables/csv.js'
import { differencesText } from './tables/differences.js'
import { latexTable } from './tables/latex.js'
import { compareSeeds } from './compare-seeds.js'
import type { Frozen } from './frozen.js'
import { type Choice, choicesOf, comparedOf } from './choice.js'
import { type Experiment, metricText } from './experiment.js'
import { type Measured, type MeasuredCell, measure } from './measured.js'
import { type StatisticsTable, isOf, referencesOf, statisticsOf } from './seed-statistics.js'

/** What an experiment has given so far. */
export interface Results {
  /** With the variants that are compared. */
  readonly experiment: Experiment
  /** How they were chosen; null where they were not, or not yet. */
  readonly choices: readonly Choice[] | null
  readonly measured: Measured
  readonly statistics: StatisticsTable
  readonly comparison: Comparison
}

/** Reads what the runs have measured, and what it says. */
export function resultsOf(directory: string, frozen: Frozen, read?: Parameters<typeof measure>[2]): Results {
  const experiment = comparedOf(directory, frozen, read)
  const choices = choicesOf(directory, frozen, read) ?? null
  const measured = measure(directory, experiment, read)
  const statistics = statisticsOf(measured, experiment)
  const runs = measured.rows.flatMap((row) => row.flatMap(({ run }) => run ?? []))
  // runs of one seed each are compared with what they started from, by the noise of the measurement
  const single = frozen.seeds.length === 1
  const comparison = single
    ? withPrimary(compareRuns(runs, labelsOf(measured), measured.columns), measured, experiment)
    : compareSeeds(measured, statistics, experiment)
  const { select } = frozen
  const legend = select ? `${comparison.legend}; ${chosenText(select)}` : comparison.legend
  return { experiment, choices, measured, statistics, comparison: { ...comparison, legend } }
}

/** With what the experiment is about marked; the columns of a comparison begin with those that were measured. */
const withPrimary = (comparison: Comparison, { columns }: Measured, { primary }: Experiment): Comparison => ({
  ...comparison,
  columns: comparison.columns.map((column, c) => {
    const measured = columns[c]
    return { ...column, primary: measured !== undefined && primary.some((one) => isOf(one, measured)) }
  }),
})

const chosenText = ({ param, by, seeds }: NonNullable<Experiment['select']>): string => {
  return `${param} of each row chosen by ${metricText(by)} over ${seeds.length === 1 ? `seed ${seeds[0]}` : `${seeds.length} other seeds`}`
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
  const { experiment, choices, measured, statistics, comparison } = results
  const { columns, rows } = measured
  const table = experiment.variants.map(({ label, pipeline, settings, hash, difference }, v) => ({
    variant: label,
    pipeline,
    settings,
    hash,
    difference,
    runs: (rows[v] ?? []).map(({ cell, state, run, start, end, beside }) => ({
      seed: cell.seed,
      folder: cell.folder,
      state: state.kind,
      ...(state.kind === 'failed' ? { errors: state.errors } : {}),
      ...(run ? { start: start.map(({ value }) => value), end: end.map(({ value }) => value) } : {}),
      ...(beside.size > 0 ? { beside: besideOf(beside) } : {}),
      ...(run ? { noise: end.map(({ deviation }) => deviation) } : {}),
    })),
    statistics: statistics[v] ?? [],
  }))
  const references = referencesOf(measured)
  const whole = {
    version: 1,
    name: frozen.name,
    command: frozen.command,
    base: experiment.variants[0]?.label,
    seeds: frozen.seeds,
    primary: frozen.primary,
    ...(frozen.select
      ? {
          select: {
            ...frozen.select,
            rows: choices?.map(({ row, candidates, chosen }) => ({
              row,
              chosen: chosen?.label ?? null,
              candidates: candidates.map(({ variant, values, mean }) => ({
                variant: variant.label,
                values,
                mean,
              })),
            })),
          },
        }
      : {}),
    columns: columns.map(({ group, metric, better }) => ({ evaluation: group, metric, better })),
    ...(references.length > 0 ? { beside: references } : {}),
    variants: table,
  }
  writeWhole(inside(directory, 'results.json'), `${JSON.stringify(whole, null, 2)}\n`)
  writeWhole(inside(directory, 'results.md'), `${markdownTable(comparison)}\n${differencesText(experiment)}`)
  writeWhole(inside(directory, 'results.tex'), latexTable(comparison))
  writeWhole(inside(directory, 'results.csv'), csvTable(measured))
}

const besideOf = (beside: MeasuredCell['beside']): Readonly<Record<string, readonly (number | null)[]>> =>
  Object.fromEntries([...beside].map(([name, values]) => [name, values.map(({ value }) => value)]))

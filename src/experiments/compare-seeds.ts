import {
  type Cell,
  type Comparison,
  type Row,
  legendOfMarks,
  referenceRow,
  ruleOfReferences,
} from '../report/compare.js'
import type { Experiment } from './experiment.js'
import type { Measured, MeasuredCell } from './measured.js'
import {
  type Difference,
  type StatisticsTable,
  type Summary,
  differenceBetween,
  isOf,
  referencesOf,
} from './seed-statistics.js'
import { fewest } from './statistics/student.js'

/** A table of variants over seeds: a row each, headed by what the base started from. */
export function compareSeeds(
  measured: Measured,
  statistics: StatisticsTable,
  experiment: Experiment,
): Comparison {
  const { columns, rows } = measured
  const { variants, seeds, primary } = experiment
  const against = variants[0]?.label ?? ''
  const original: Row = {
    label: 'Original',
    run: null,
    cells: columns.map((_, c) => cellOf(statistics[0]?.[c]?.start ?? null, null, seeds.length)),
  }
  const references = referencesOf(measured).map(({ name, summaries }) =>
    referenceRow(
      name,
      summaries.map((summary) => cellOf(summary, null, seeds.length)),
    ),
  )
  const above = [original, ...references]
  const variantRows = variants.map(({ label }, v): Row => ({
    label: `${label}${progress(rows[v] ?? [])}`,
    run: v,
    cells: columns.map((_, c) => {
      const { end = null, difference = null } = statistics[v]?.[c] ?? {}
      return cellOf(end, v === 0 ? null : difference, seeds.length)
    }),
  }))
  const measuring = noiseRow(statistics, columns.length)
  return {
    columns: columns.map((column, c) => ({
      ...column,
      primary: primary.some((endpoint) => isOf(endpoint, column)),
      unit: 'number',
      best: bestRow(measured, c, above.length),
    })),
    rows: [...above, ...variantRows, ...(measuring ? [measuring] : [])],
    against,
    legend: `${legendOfMarks}, against ${against} seed by seed; ± half of the 95 % interval over ${seeds.length} seeds${measuring ? `; ${noiseLabel}: ${noiseMeaning}` : ''}${primary.length > 0 ? '; * primary' : ''}`,
    rule:
      ruleOf(experiment, against) +
      ruleOfReferences(references) +
      (measuring ? ` “${noiseLabel}” is ${noiseMeaning}.` : ''),
  }
}

const noiseLabel = 'one measurement'
const noiseMeaning =
  'its standard deviation over the rows that it measures, apart from what the seed of training changes'

/** How far one measurement is from what more rows would give: the root of the mean square over all runs. */
function noiseRow(statistics: StatisticsTable, columns: number): Row | null {
  const cells = Array.from({ length: columns }, (_, c): Cell => {
    const found = statistics.flatMap((row) => row[c]?.end ?? []).filter(({ noise }) => noise !== null)
    const square = found.reduce((sum, { n, noise }) => sum + n * (noise ?? 0) ** 2, 0)
    const runs = found.reduce((sum, { n }) => sum + n, 0)
    const value = runs > 0 ? Math.sqrt(square / runs) : null
    return { value, deviation: null, effect: null, verdict: 'reference' }
  })
  return cells.some(({ value }) => value !== null)
    ? { label: noiseLabel, run: null, isNoise: true, cells }
    : null
}

function ruleOf({ seeds, primary }: Experiment, against: string): string {
  const few =
    seeds.length < fewest
      ? `With fewer than ${fewest} seeds there is no interval and no verdict. `
      : `± is half of the 95 % interval for the mean over ${seeds.length} training seeds, by Student's t. `
  const family =
    primary.length > 0
      ? `Primary metrics (*) were named before running: their p-values are adjusted by Holm's method over all variants and primary metrics. `
      : ''
  return (
    `${few}Every seed has the same order of data and the same draws in all variants, so a variant is compared with ${against} ` +
    `seed by seed: a difference counts when the mean of these differences is not zero at 5 % (two-sided); otherwise no ` +
    `difference was seen, which does not say that there is none. ${family}“Best” marks a variant that is better than ` +
    `every other, seed by seed.`
  )
}

/** `(3 of 10)` while runs are missing, and how many have failed. */
function progress(row: readonly MeasuredCell[]): string {
  const count = (kind: MeasuredCell['state']['kind']): number =>
    row.filter(({ state }) => state.kind === kind).length
  const [done, failed] = [count('done'), count('failed')]
  if (done === row.length) return ''
  return ` (${done} of ${row.length}${failed > 0 ? `, ${failed} failed` : ''})`
}

function cellOf(summary: Summary | null, difference: Difference | null, seeds: number): Cell {
  return {
    value: summary?.mean ?? null,
    // of one seed there is the noise of the measurement alone
    deviation: (seeds > 1 ? summary?.half : summary?.noise) ?? null,
    effect: difference?.mean ?? null,
    verdict: difference ? difference.verdict : 'reference',
  }
}

/** The row of the variant that is better than every other, seed by seed, below others; none while runs are missing. */
function bestRow({ columns, rows }: Measured, column: number, above: number): number | null {
  const { better = 'neither' } = columns[column] ?? {}
  if (rows.length < 2 || rows.some((row) => row.some(({ run }) => run === null))) return null
  const best = rows.findIndex((row) =>
    rows.every(
      (other) => other === row || differenceBetween(row, other, column, better)?.verdict === 'better',
    ),
  )
  return best < 0 ? null : best + above
}

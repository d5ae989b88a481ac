import type { Metric } from '../evaluations/kind.js'
import type { MeasuredColumn, Value } from '../report/columns.js'
import type { Endpoint, Experiment } from './experiment.js'
import type { Measured, MeasuredCell } from './measured.js'
import { holm } from './statistics/holm.js'
import { type Sample, sampleOf } from './statistics/sample.js'
import { signFlipP } from './statistics/sign-flip.js'
import { detectable, halfWidth, pOfZeroMean } from './statistics/student.js'

/** What the seeds of a variant say of one number. */
export interface Summary extends Sample {
  /** Half the interval of 95 % for the mean over seeds; null below three seeds. */
  readonly half: number | null
  /** The standard deviation of one measurement over what is random in it, apart from the seed: the root of the mean square. */
  readonly noise: number | null
}

/** Of a variant against another, by seeds that both have run: the same order and draws in both. */
export interface Difference extends Sample {
  readonly seeds: readonly number[]
  readonly half: number | null
  /** By Student's t, and exactly by flips of sign; adjusted over variants and primary endpoints where it is one. */
  readonly p: number | null
  readonly pSign: number | null
  readonly pHolm: number | null
  /** The smallest true difference that would be seen in 80 % of repetitions. */
  readonly detectable: number | null
  readonly verdict: 'better' | 'worse' | 'different' | 'none' | 'unknown'
}

/** A number of a variant over its seeds. */
export interface Statistics {
  readonly start: Summary | null
  readonly end: Summary | null
  /** Against the base variant; of the base against its own start. Null where nothing is paired. */
  readonly difference: Difference | null
  readonly primary: boolean
}

/** By variant, then by column. */
export type StatisticsTable = readonly (readonly Statistics[])[]

/** What an experiment's runs say: every number over seeds, and paired differences to the base variant. */
export function statisticsOf({ columns, rows }: Measured, experiment: Experiment): StatisticsTable {
  const [base = []] = rows
  const raw = rows.map((row, v) =>
    columns.map((column, c) => {
      const pairs = v === 0 ? pairsOf(base, base, c, 'start') : pairsOf(row, base, c, 'end')
      return { pairs, primary: experiment.primary.some((endpoint) => isOf(endpoint, column)) }
    }),
  )
  // one family: all variants but the base, and all primary endpoints
  const family = raw.flatMap((row, v) =>
    row.flatMap(({ pairs, primary }, c) => {
      const p = v > 0 && primary ? pOfZeroMean(sampleOf(pairs.map(({ by }) => by))) : null
      return p === null ? [] : [{ key: `${v} ${c}`, p }]
    }),
  )
  const adjusted = holm(family.map(({ p }) => p))
  const pHolm = new Map(family.map(({ key }, k) => [key, adjusted[k] ?? null]))
  return rows.map((row, v) =>
    columns.map((column, c) => {
      const { pairs = [], primary = false } = raw[v]?.[c] ?? {}
      return {
        start: summaryOf(row.map((cell) => cell.start[c])),
        end: summaryOf(row.map((cell) => cell.end[c])),
        difference: differenceOf(pairs, column.better, pHolm.get(`${v} ${c}`) ?? null),
        primary,
      }
    }),
  )
}

/** Whether a column is that of an endpoint. */
export const isOf = ({ evaluation, case: of, metric }: Endpoint, column: MeasuredColumn): boolean =>
  column.group === (of === null ? evaluation : `${evaluation}.${of}`) && column.metric === metric

/** Of one variant against another at the end, by the seeds that both have run. */
export const differenceBetween = (
  row: readonly MeasuredCell[],
  other: readonly MeasuredCell[],
  column: number,
  better: Metric['better'],
): Difference | null => differenceOf(pairsOf(row, other, column, 'end'), better, null)

interface Pair {
  readonly seed: number
  readonly by: number
}

function pairsOf(
  row: readonly MeasuredCell[],
  base: readonly MeasuredCell[],
  column: number,
  against: 'start' | 'end',
): readonly Pair[] {
  return row.flatMap(({ cell, end }) => {
    const other = base.find((b) => b.cell.seed === cell.seed)?.[against][column]?.value ?? null
    const value = end[column]?.value ?? null
    return value === null || other === null ? [] : [{ seed: cell.seed, by: value - other }]
  })
}

/** A number that was measured beside the evaluations, with every seed. */
export interface Reference {
  readonly name: string
  /** By column. */
  readonly summaries: readonly (Summary | null)[]
}

/** What was measured beside the evaluations, over the seeds of the first variant that did so. */
export function referencesOf({ columns, rows }: Measured): readonly Reference[] {
  const names = new Set(rows.flatMap((row) => row.flatMap(({ beside }) => [...beside.keys()])))
  return [...names].map((name) => ({
    name,
    summaries: columns.map((_, c) => {
      const all = rows.map((row) => summaryOf(row.map(({ beside }) => beside.get(name)?.[c])))
      return all.find((summary) => summary !== null) ?? null
    }),
  }))
}

function summaryOf(measured: readonly (Value | undefined)[]): Summary | null {
  const found = measured.flatMap((value) => value ?? [])
  const values = found.flatMap(({ value }) => value ?? [])
  if (values.length === 0) return null
  const deviations = found.flatMap(({ deviation }) => deviation ?? [])
  const sample = sampleOf(values)
  const square = deviations.reduce((sum, d) => sum + d * d, 0) / deviations.length
  return { ...sample, half: halfWidth(sample), noise: deviations.length > 0 ? Math.sqrt(square) : null }
}

function differenceOf(
  pairs: readonly Pair[],
  better: Metric['better'],
  pHolm: number | null,
): Difference | null {
  if (pairs.length === 0) return null
  const differences = pairs.map(({ by }) => by)
  const sample = sampleOf(differences)
  const p = pOfZeroMean(sample)
  return {
    ...sample,
    seeds: pairs.map(({ seed }) => seed),
    half: halfWidth(sample),
    p,
    pSign: signFlipP(differences),
    pHolm,
    detectable: detectable(sample),
    verdict: verdictOf(sample.mean, pHolm ?? p, better),
  }
}

const significant = 0.05

function verdictOf(mean: number, p: number | null, better: Metric['better']): Difference['verdict'] {
  if (p === null) return 'unknown'
  if (p >= significant) return 'none'
  if (better === 'neither') return 'different'
  return mean > 0 === (better === 'higher') ? 'better' : 'worse'
}

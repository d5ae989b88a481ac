import type { Json } from '../../../artefact/json.js'
import type { Metric } from '../../../evaluations/kind.js'
import { mean } from './statistics.js'

type Metrics = Readonly<Record<string, Json>>

/**
 * The mean of each metric over the cases of an evaluation, null where one of them is no number. What is random in one case
 * is independent of what is random in another, so the deviation of a mean of k is the root of the sum of squares over k.
 * Cases at the floor or the ceiling at the start of the run tell methods apart by chance alone, and are left out; by the
 * start, so that methods with one start have means of the same cases.
 */
export function meansOf(
  metrics: readonly Metric[],
  cases: ReadonlyMap<string, Metrics>,
  start: ReadonlyMap<string, Metrics> = cases,
): Metrics {
  const leftOut = ({ name }: Metric): readonly string[] =>
    [...start].flatMap(([of, one]) => (standing(one, name) === undefined ? [] : [of]))
  const over = (
    metric: Metric,
    name: string,
    average: (values: readonly number[]) => number,
  ): Record<string, Json> => {
    const without = leftOut(metric)
    const found = [...cases].filter(([of]) => !without.includes(of)).map(([, one]) => one[name])
    if (found.length === 0) return { [name]: null }
    if (found.every((value) => value === undefined)) return {}
    const numbers = found.filter((value) => typeof value === 'number')
    return { [name]: numbers.length === found.length ? average(numbers) : null }
  }
  return Object.assign(
    {},
    ...metrics.flatMap((metric) => {
      const without = leftOut(metric)
      return [
        over(metric, metric.name, mean),
        over(metric, `${metric.name}_std`, (values) => Math.hypot(...values) / values.length),
        without.length === 0 ? {} : { [`${metric.name}_without`]: without },
      ]
    }),
  ) as Metrics
}

/**
 * `nmi_at: "floor"` beside a metric that cannot be told from chance, since its interval reaches it, and `"ceiling"` beside
 * one that cannot be told from what is perfect.
 */
export function standings(metrics: readonly Metric[], measured: Metrics): Metrics {
  const found: Record<string, Json> = {}
  for (const { name, perfect } of metrics) {
    const interval = measured[`${name}_interval`]
    const chance = measured[`${name}_chance`]
    if (!Array.isArray(interval)) continue
    const [low, high] = (interval as readonly Json[]).map(Number)
    if (low === undefined || high === undefined) continue
    if (typeof chance === 'number' && low <= chance) found[`${name}_at`] = 'floor'
    else if (perfect !== undefined && high >= perfect) found[`${name}_at`] = 'ceiling'
  }
  return found
}

/** Which of some metrics can tell methods apart: those that were neither at the floor nor at the ceiling at the start. */
export const informative = (
  metrics: readonly Metric[],
  names: readonly string[],
  now: Metrics,
  start: Metrics | undefined,
): readonly string[] => {
  const marks = start ?? standings(metrics, now)
  return names.filter((name) => standing(marks, name) === undefined)
}

const standing = (measured: Metrics, name: string): Json | undefined => measured[`${name}_at`]

import type { Json } from '../../../artefact/json.js'
import type { Metric } from '../../../evaluations/kind.js'
import { mean } from './statistics.js'

type Metrics = Readonly<Record<string, Json>>

/**
 * The mean of each metric over the cases of an evaluation, null where one of them is no number. What is random in one case
 * is independent of what is random in another, so the deviation of a mean of k is the root of the sum of squares over k.
 */
export function meansOf(metrics: readonly Metric[], cases: ReadonlyMap<string, Metrics>): Metrics {
  const over = (name: string, average: (values: readonly number[]) => number): Metrics => {
    const found = [...cases.values()].map((one) => one[name])
    if (found.every((value) => value === undefined)) return {}
    const numbers = found.filter((value) => typeof value === 'number')
    return { [name]: numbers.length === found.length ? average(numbers) : null }
  }
  return Object.assign(
    {},
    ...metrics.flatMap(({ name }) => [
      over(name, mean),
      over(`${name}_std`, (values) => Math.hypot(...values) / values.length),
    ]),
  ) as Metrics
}

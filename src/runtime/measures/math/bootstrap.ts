import type { Random } from './random.js'
import { deviation, mean } from './statistics.js'

/** How far a number may lie from what other rows of the same kind would give. */
export interface Spread {
  /** Of the statistic over resamples; what a biased one differs by from its value on the rows themselves. */
  readonly mean: number
  readonly std: number
  /** 95 %, by percentiles. */
  readonly interval: readonly [low: number, high: number]
}

/** Resamples that intervals are taken from. */
export const resamples = 1000

/**
 * The bootstrap over groups of rows: how often each of `groups` is drawn goes to `statistic`, which gives one or several
 * numbers. Rows that belong together, captions of one picture or both halves of a pair, are one group.
 */
export function bootstrap(
  groups: number,
  random: Random,
  statistic: (times: Int32Array) => readonly number[],
  count = resamples,
): readonly Spread[] {
  const drawn = Array.from({ length: count }, () => {
    const times = new Int32Array(groups)
    for (let i = 0; i < groups; i++) {
      const group = Math.floor(random() * groups)
      times[group] = (times[group] ?? 0) + 1
    }
    return statistic(times)
  })
  return (drawn[0] ?? []).map((_, k) => spreadOf(drawn.map((values) => values[k] ?? NaN)))
}

/** The spread of a share or mean: of each group the sum of its values and how many they are. */
export function bootstrapMean(groups: readonly Sum[], random: Random): Spread {
  const [spread] = bootstrap(groups.length, random, (times) => {
    let sum = 0
    let count = 0
    groups.forEach((group, g) => {
      sum += (times[g] ?? 0) * group.sum
      count += (times[g] ?? 0) * group.count
    })
    return [sum / count]
  })
  return spread ?? { mean: NaN, std: NaN, interval: [NaN, NaN] }
}

export interface Sum {
  readonly sum: number
  readonly count: number
}

/** Of each group of rows the sum of their values. */
export const sums = (groups: readonly (readonly number[])[], values: ArrayLike<number>): readonly Sum[] =>
  groups.map((rows) => ({
    sum: rows.reduce((sum, row) => sum + (values[row] ?? NaN), 0),
    count: rows.length,
  }))

function spreadOf(values: readonly number[]): Spread {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b)
  return {
    mean: mean(sorted),
    std: sorted.length === 0 ? NaN : deviation(sorted),
    interval: [quantile(sorted, 0.025), quantile(sorted, 0.975)],
  }
}

/** With linear interpolation between sorted values, as numpy's default. */
function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1)
  const [low, high] = [sorted[Math.floor(at)] ?? NaN, sorted[Math.ceil(at)] ?? NaN]
  return low + (high - low) * (at - Math.floor(at))
}

/** With its interval moved by the bias of the statistic, as that of information is that rows drawn twice add to. */
export function unbiased({ mean: over, std, interval: [low, high] }: Spread, value: number): Spread {
  const shift = value - over
  return { mean: value, std, interval: [low + shift, high + shift] }
}

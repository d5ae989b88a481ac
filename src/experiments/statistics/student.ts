import jstat from 'jstat'
import type { Sample } from './sample.js'

const { studentt } = jstat.jStat

/** Fewer numbers give no interval: with two it is 13 times as wide as their distance, and no one reads it rightly. */
export const fewest = 3

const level = 0.95
/** The probability with which the smallest detectable difference is seen. */
const power = 0.8

const upper = (share: number, { n }: Sample): number => studentt.inv(share, n - 1)

const errorOf = (sample: Sample): number | null =>
  sample.deviation === null || sample.n < fewest ? null : sample.deviation / Math.sqrt(sample.n)

/** Half the width of the interval of 95 % for the mean, by Student's t; null of too few numbers. */
export function halfWidth(sample: Sample): number | null {
  const error = errorOf(sample)
  return error === null ? null : upper((1 + level) / 2, sample) * error
}

/** The two-sided p-value of a mean of zero; null of too few numbers. */
export function pOfZeroMean(sample: Sample): number | null {
  const error = errorOf(sample)
  if (error === null) return null
  if (error === 0) return sample.mean === 0 ? 1 : 0
  return Math.min(1, 2 * studentt.cdf(-Math.abs(sample.mean / error), sample.n - 1))
}

/**
 * The smallest true mean that a test at 5 % would see in 80 % of repetitions, with as many numbers that scatter as
 * these do: (t(.975, n-1) + t(.80, n-1)) s / sqrt(n). Null of too few numbers.
 */
export function detectable(sample: Sample): number | null {
  const error = errorOf(sample)
  return error === null ? null : (upper((1 + level) / 2, sample) + upper(power, sample)) * error
}

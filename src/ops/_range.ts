import { type Value, constantOf } from '../graph/graph.js'
import type { Operator, Range } from './operator.js'

/** The range of an operator of two operands, from the numbers that it gives at the ends of theirs. */
export const rangeOfEnds =
  (f: (x: number, y: number) => number): NonNullable<Operator['range']> =>
  ([x, y]) => {
    if (!x || !y) return undefined
    const ends = [f(x.low, y.low), f(x.low, y.high), f(x.high, y.low), f(x.high, y.high)]
    return { low: Math.min(...ends), high: Math.max(...ends) }
  }

/** From the least to the largest of ranges; undefined where one of them is. */
export function union(ranges: readonly (Range | undefined)[]): Range | undefined {
  const known = ranges.filter((r) => r !== undefined)
  if (known.length === 0 || known.length < ranges.length) return undefined
  return { low: Math.min(...known.map((r) => r.low)), high: Math.max(...known.map((r) => r.high)) }
}

/** The number that a constant is. */
export function numberOf(value: Value | null | undefined): number | undefined {
  const data = constantOf(value)?.data
  return data?.length === 1 ? data[0] : undefined
}

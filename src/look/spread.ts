/** The least, the middle and the greatest of some numbers. */
export interface Spread {
  readonly min: number
  readonly median: number
  readonly max: number
}

/** Undefined of no numbers; of an even number of them, the lower of both in the middle. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const [min, median, max] = [sorted[0], sorted[(sorted.length - 1) >> 1], sorted.at(-1)]
  return min === undefined || median === undefined || max === undefined ? undefined : { min, median, max }
}

/** What some numbers say of their mean. */
export interface Sample {
  readonly n: number
  readonly mean: number
  /** Standard deviation, with n - 1; null of one number. */
  readonly deviation: number | null
}

export function sampleOf(values: readonly number[]): Sample {
  const n = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { n, mean, deviation: n > 1 ? Math.sqrt(squares / (n - 1)) : null }
}

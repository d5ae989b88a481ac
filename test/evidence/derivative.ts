/** A derivative from values alone, and how far off it says it is. */
export interface Estimate {
  readonly value: number
  readonly error: number
}

/**
 * The derivative of `f` at 0 by Ridders' method: central differences with steps h, h/2, h/4, ... extrapolated to step 0
 * (two steps are Richardson's extrapolation). Long steps leave out higher derivatives, short ones drown in the
 * rounding of `f`, which is given; the answer is the one that differs least from its neighbours. Stops early when that
 * is `enough`.
 */
export async function derivative(
  f: (h: number) => Promise<number>,
  h: number,
  { rounding, enough }: { readonly rounding: number; readonly enough: number },
): Promise<Estimate> {
  let best: Estimate = { value: NaN, error: Infinity }
  let previous: readonly number[] = []
  for (let k = 0; k < levels; k++) {
    const step = h / 2 ** k
    const row = [((await f(step)) - (await f(-step))) / (2 * step)]
    for (const [j, coarse] of previous.entries()) {
      const fine = row[j] ?? NaN
      const value = fine + (fine - coarse) / (4 ** (j + 1) - 1)
      const error = Math.max(Math.abs(value - fine), Math.abs(value - coarse), rounding / step)
      row.push(value)
      if (error < best.error) best = { value, error }
    }
    if (best.error <= enough) break
    previous = row
  }
  return best
}

const levels = 7

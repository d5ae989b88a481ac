/**
 * p-values of a family of comparisons, adjusted so that the chance of any false one among them is at most that of one:
 * the k-th smallest of m times m - k + 1, never below a smaller one's. Source: Holm 1979.
 */
export function holm(ps: readonly number[]): readonly number[] {
  const order = ps.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p)
  const adjusted = ps.map(() => 1)
  let largest = 0
  for (const [k, { p, index }] of order.entries()) {
    largest = Math.max(largest, Math.min(1, p * (ps.length - k)))
    adjusted[index] = largest
  }
  return adjusted
}

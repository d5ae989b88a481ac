/** A point of a curve: [step, value]. */
export type Point = readonly [number, number]

/** The mean of the points within `radius` places on either side; at the ends of those that are there. */
export function smooth(points: readonly Point[], radius: number): Point[] {
  const sums = [0]
  for (const [, value] of points) sums.push((sums.at(-1) ?? 0) + value)
  return points.map(([x], i) => {
    const from = Math.max(0, i - radius)
    const to = Math.min(points.length, i + radius + 1)
    return [x, ((sums[to] ?? 0) - (sums[from] ?? 0)) / (to - from)]
  })
}

/** Of long curves the least and greatest point of each bucket: what the eye would see of all of them. */
export function thin(points: readonly Point[], most: number): Point[] {
  if (points.length <= most) return [...points]
  const bucket = Math.ceil((2 * points.length) / most)
  const kept: Point[] = []
  for (let i = 0; i < points.length; i += bucket) {
    const part = points.slice(i, i + bucket)
    const [first] = part
    if (!first) continue
    const low = part.reduce((a, b) => (b[1] < a[1] ? b : a), first)
    const high = part.reduce((a, b) => (b[1] > a[1] ? b : a), first)
    kept.push(...(low === high ? [low] : low[0] < high[0] ? [low, high] : [high, low]))
  }
  return kept
}

/** The value below which a share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(share * (sorted.length - 1))))] ?? 0
}

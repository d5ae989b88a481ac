/** Resizes a square plane: bilinear between pixel centres (half-pixel convention), edges repeated, no prefilter. */
export function resizeBilinear(plane: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return plane
  const taps = Array.from({ length: to }, (_, i) => {
    const centre = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1)
    const low = Math.floor(centre)
    return { low, high: Math.min(low + 1, from - 1), weight: centre - low }
  })
  const at = (line: number, place: number): number => plane[line * from + place] ?? 0
  const out = new Float32Array(to * to)
  taps.forEach((y, row) => {
    taps.forEach((x, column) => {
      const above = at(y.low, x.low) * (1 - x.weight) + at(y.low, x.high) * x.weight
      const below = at(y.high, x.low) * (1 - x.weight) + at(y.high, x.high) * x.weight
      out[row * to + column] = above * (1 - y.weight) + below * y.weight
    })
  })
  return out
}

import type { Attributes } from '../graph/graph.js'
import { flag, number, string } from './_attributes.js'

/** An element that an output reads, and its weight. */
export interface Tap {
  readonly from: number
  readonly weight: number
}

/** How Resize goes from `size` to `n` elements along an axis; `scale` is n / size unless it was given. */
export interface Line {
  readonly size: number
  readonly n: number
  readonly scale: number
}

/** The taps of each of the n outputs along an axis. Source: ONNX's definition of Resize. */
export function taps(line: Line, attributes: Attributes): readonly (readonly Tap[])[] {
  const mode = string(attributes, 'mode')
  const { size, n } = line
  return Array.from({ length: n }, (_, i): readonly Tap[] => {
    if (mode === 'nearest') return [{ from: nearest(i, line, attributes), weight: 1 }]
    const at = coordinate(i, line, string(attributes, 'coordinate_transformation_mode'))
    const kernel = mode === 'linear' ? hat : cubic(number(attributes, 'cubic_coeff_a'))
    const reach = mode === 'linear' ? 1 : 2
    // Smoothing against aliasing stretches the kernel over what one output stands for.
    const stretch = flag(attributes, 'antialias') ? Math.max(1, 1 / line.scale) : 1
    const first = Math.floor(at - reach * stretch) + 1
    const last = Math.ceil(at + reach * stretch) - 1
    const weights = new Map<number, number>()
    let total = 0
    for (let k = Math.min(first, Math.floor(at)); k <= Math.max(last, Math.floor(at)); k++) {
      const inside = k >= 0 && k < size
      if (!inside && flag(attributes, 'exclude_outside')) continue
      const weight = kernel((at - k) / stretch)
      if (weight === 0) continue
      const from = Math.min(Math.max(k, 0), size - 1)
      weights.set(from, (weights.get(from) ?? 0) + weight)
      total += weight
    }
    return [...weights].map(([from, weight]) => ({ from, weight: weight / total }))
  })
}

const hat = (x: number): number => Math.max(0, 1 - Math.abs(x))

/** Keys' cubic convolution. Source: Keys 1981, Eq. 4. */
const cubic =
  (a: number) =>
  (x: number): number => {
    const t = Math.abs(x)
    if (t < 1) return (a + 2) * t ** 3 - (a + 3) * t * t + 1
    return t < 2 ? a * t ** 3 - 5 * a * t * t + 8 * a * t - 4 * a : 0
  }

/** The place of output i among the inputs. */
function coordinate(i: number, { size, n, scale }: Line, transformation: string): number {
  switch (transformation) {
    case 'asymmetric':
      return i / scale
    case 'align_corners':
      return n === 1 ? 0 : (i * (size - 1)) / (n - 1)
    case 'pytorch_half_pixel':
      return n === 1 ? 0 : (i + 0.5) / scale - 0.5
    case 'half_pixel_symmetric': {
      const adjusted = n / (scale * size)
      return (size / 2) * (1 - adjusted) + (i + 0.5) / scale - 0.5
    }
    default:
      return (i + 0.5) / scale - 0.5
  }
}

/** The element that output i reads. onnxruntime computes the place in float32, and so does this. */
function nearest(i: number, line: Line, attributes: Attributes): number {
  const transformation = string(attributes, 'coordinate_transformation_mode')
  const at =
    transformation === 'asymmetric'
      ? Math.fround(i / Math.fround(line.scale))
      : Math.fround(coordinate(i, line, transformation))
  const rounding = roundings[string(attributes, 'nearest_mode')] ?? Math.floor
  return Math.min(Math.max(rounding(at), 0), line.size - 1)
}

const roundings: Readonly<Record<string, (x: number) => number>> = {
  floor: Math.floor,
  ceil: Math.ceil,
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
}

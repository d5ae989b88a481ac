import type { Interpolation } from '../../sources/interpolation.js'
import { type Pixels, blank } from './picture.js'

/**
 * Resizes a picture in red, green and blue, bit-equal to Pillow's `Image.resize`: a pass across and one down, each with
 * weights of a filter that is stretched when the picture shrinks, in fixed point. Source: Pillow, libImaging/Resample.c.
 */
export function resample(picture: Pixels, width: number, height: number, how: Interpolation): Pixels {
  if (picture.width === width && picture.height === height) return picture
  if (how === 'nearest') return nearest(picture, width, height)
  const across = (p: Pixels): Pixels =>
    p.width === width ? p : acrossOf(p, width, weightsOf(p.width, width, how))
  const down = (p: Pixels): Pixels =>
    p.height === height ? p : downOf(p, height, weightsOf(p.height, height, how))
  return downFirst(picture, width, height) ? across(down(picture)) : down(across(picture))
}

/** Where Pillow 13 begins with the lines, as versions before it never do: the order shows in the rounding. */
const downFirst = (picture: Pixels, width: number, height: number): boolean =>
  height < picture.height && picture.height - height > 2 * (picture.width - width)

interface Filter {
  readonly support: number
  at(x: number): number
}

const filters: Readonly<Record<Exclude<Interpolation, 'nearest'>, Filter>> = {
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    support: 2,
    at(x) {
      const a = -0.5
      const d = Math.abs(x)
      if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1
      return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0
    },
  },
}

/** The pixels that make each new one: from where, how many, and `taps` weights each in units of 2^-22. */
interface Weights {
  readonly from: Int32Array
  readonly count: Int32Array
  readonly taps: number
  readonly weight: Int32Array
}

const bits = 22

function weightsOf(before: number, after: number, how: Exclude<Interpolation, 'nearest'>): Weights {
  const filter = filters[how]
  const scale = before / after
  const stretch = Math.max(scale, 1)
  const support = filter.support * stretch
  const taps = Math.ceil(support) * 2 + 1
  const [from, count] = [new Int32Array(after), new Int32Array(after)]
  const weight = new Int32Array(after * taps)
  const exact = new Float64Array(taps)
  for (let i = 0; i < after; i++) {
    const centre = (i + 0.5) * scale
    const low = Math.max(0, Math.trunc(centre - support + 0.5))
    const n = Math.min(before, Math.trunc(centre + support + 0.5)) - low
    let sum = 0
    for (let k = 0; k < n; k++) {
      const w = filter.at((k + low - centre + 0.5) * (1 / stretch))
      exact[k] = w
      sum += w
    }
    for (let k = 0; k < n; k++) {
      const w = sum === 0 ? (exact[k] ?? 0) : (exact[k] ?? 0) / sum
      weight[i * taps + k] = Math.trunc((w < 0 ? -0.5 : 0.5) + w * 2 ** bits)
    }
    from[i] = low
    count[i] = n
  }
  return { from, count, taps, weight }
}

const half = 1 << (bits - 1)

const clip = (sum: number): number => {
  const value = sum >> bits
  return value < 0 ? 0 : value > 255 ? 255 : value
}

/* The inner loops index without a fallback for what lies outside: bounds are those of `weightsOf`. */

function acrossOf({ width: before, height, data }: Pixels, width: number, w: Weights): Pixels {
  const out = blank(width, height)
  const { from, count, taps, weight } = w
  for (let y = 0; y < height; y++) {
    const line = y * before * 3
    let to = y * width * 3
    for (let x = 0; x < width; x++, to += 3) {
      let [r, g, b] = [half, half, half]
      let at = line + (from[x] as number) * 3
      const first = x * taps
      const end = first + (count[x] as number)
      for (let k = first; k < end; k++, at += 3) {
        const factor = weight[k] as number
        r = (r + Math.imul(data[at] as number, factor)) | 0
        g = (g + Math.imul(data[at + 1] as number, factor)) | 0
        b = (b + Math.imul(data[at + 2] as number, factor)) | 0
      }
      out.data[to] = clip(r)
      out.data[to + 1] = clip(g)
      out.data[to + 2] = clip(b)
    }
  }
  return out
}

/** Line by line, so that memory is read in order. */
function downOf({ width, data }: Pixels, height: number, w: Weights): Pixels {
  const out = blank(width, height)
  const { from, count, taps, weight } = w
  const stride = width * 3
  const sums = new Int32Array(stride)
  for (let y = 0; y < height; y++) {
    sums.fill(half)
    for (let k = 0; k < (count[y] as number); k++) {
      const factor = weight[y * taps + k] as number
      const line = ((from[y] as number) + k) * stride
      for (let i = 0; i < stride; i++)
        sums[i] = ((sums[i] as number) + Math.imul(data[line + i] as number, factor)) | 0
    }
    const to = y * stride
    for (let i = 0; i < stride; i++) out.data[to + i] = clip(sums[i] as number)
  }
  return out
}

function nearest({ width: before, height: above, data }: Pixels, width: number, height: number): Pixels {
  const out = blank(width, height)
  const columns = places(before, width)
  const rows = places(above, height)
  let to = 0
  for (const row of rows) {
    for (const column of columns) {
      const at = (row * before + column) * 3
      out.data[to] = data[at] ?? 0
      out.data[to + 1] = data[at + 1] ?? 0
      out.data[to + 2] = data[at + 2] ?? 0
      to += 3
    }
  }
  return out
}

/** Pillow adds the scale up pixel by pixel, which rounds in its own way. */
function places(before: number, after: number): Int32Array {
  const scale = before / after
  const out = new Int32Array(after)
  let at = scale * 0.5
  for (let i = 0; i < after; i++, at += scale) out[i] = Math.min(Math.trunc(at), before - 1)
  return out
}

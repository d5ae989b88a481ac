import type { Builder } from '../graph/builder.js'
import type { Value } from '../graph/graph.js'
import { elementCount } from '../graph/types.js'
import { type Geometry, attributesOf, convolvedSize, padding, reach, spatial } from './_convolution.js'
import { padConstant } from './_pad.js'
import { product } from './_product.js'

/** The cotangent of x [shape] in y = x * w, from that of y. */
export function inputCotangent(
  b: Builder,
  g: Value,
  w: Value,
  shape: readonly number[],
  geo: Geometry,
): Value {
  const kernel = spatial(w.type.shape)
  const span = kernel.map((_, i) => reach(geo, kernel, i) - 1)
  const rest = geo.strides.map((_, i) => padding(geo, i).map((p) => (span[i] ?? 0) - p))
  const flippable = geo.strides.every((s) => s === 1) && rest.flat().every((p) => p >= 0)
  if (flippable) {
    // A convolution with the flipped kernel: about twice as fast as ConvTranspose on onnxruntime's CPU.
    const pads = [...rest.map(([before]) => before ?? 0), ...rest.map(([, after]) => after ?? 0)]
    return b.op('Conv', [g, flipped(b, w, geo.group), null], attributesOf({ ...geo, pads }))
  }
  const size = spatial(g.type.shape).map((d, i) => {
    const [before, after] = padding(geo, i)
    return (d - 1) * (geo.strides[i] ?? 1) + (span[i] ?? 0) + 1 - before - after
  })
  const output_padding = spatial(shape).map((d, i) => d - (size[i] ?? 0))
  return b.op('ConvTranspose', [g, w, null], { ...attributesOf(geo), output_padding })
}

/** [m, c / groups, ...] as [c, m / groups, ...] with its spatial axes backwards. */
function flipped(b: Builder, w: Value, group: number): Value {
  const [m = 1, part = 1, ...kernel] = w.type.shape
  const axes = kernel.flatMap((k, i) => (k > 1 ? [i + 2] : []))
  const list = (value: number): Value => b.ints(axes.map(() => value))
  const backwards =
    axes.length === 0 ? w : b.op('Slice', [w, list(-1), list(-(2 ** 31)), b.ints(axes), list(-1)])
  const grouped = b.reshape(backwards, [group, m / group, part, ...kernel])
  const swapped = b.transpose(grouped, [0, 2, 1, ...kernel.map((_, i) => i + 3)])
  return b.reshape(swapped, [group * part, m / group, ...kernel])
}

/** The cotangent of w [m, c / groups, ...kernel] in y = x * w, from x and the cotangent of y. */
export function weightCotangent(
  b: Builder,
  x: Value,
  g: Value,
  shape: readonly number[],
  geo: Geometry,
): Value {
  const kernel = spatial(shape)
  const patches =
    geo.group === 1 &&
    geo.pads.every((p) => p === 0) &&
    geo.dilations.every((d) => d === 1) &&
    kernel.every((k, i) => k === geo.strides[i])
  return patches ? fromPatches(b, x, g, shape) : fromTaps(b, x, g, shape, geo)
}

/** The windows tile the picture: one product of all patches [n * p, c * kernel] with the cotangents [n * p, m]. */
function fromPatches(b: Builder, x: Value, g: Value, shape: readonly number[]): Value {
  const [n = 1, c = 1] = x.type.shape
  const [m = 1, , ...kernel] = shape
  const counts = spatial(g.type.shape)
  const covered = counts.reduce((v, count, i) => cropped(b, v, i + 2, count * (kernel[i] ?? 1)), x)
  const tiled = b.reshape(covered, [n, c, ...counts.flatMap((count, i) => [count, kernel[i] ?? 1])])
  const ofCount = counts.map((_, i) => 2 + 2 * i)
  const patches = b.transpose(tiled, [0, ...ofCount, 1, ...ofCount.map((axis) => axis + 1)])
  const rows = n * elementCount(counts)
  const cotangents = b.transpose(g, [0, ...counts.map((_, i) => i + 2), 1])
  const left = b.reshape(cotangents, [rows, m])
  const right = b.reshape(patches, [rows, c * elementCount(kernel)])
  return b.reshape(product(b, left, right, { transA: true }), shape)
}

const cropped = (b: Builder, v: Value, axis: number, size: number): Value =>
  v.type.shape[axis] === size ? v : b.slice(v, axis, 0, size)

/** One product per kernel tap: what the tap saw [c / groups, n * p] against the cotangents [m / groups, n * p]. */
function fromTaps(b: Builder, x: Value, g: Value, shape: readonly number[], geo: Geometry): Value {
  const [n = 1, c = 1] = x.type.shape
  const [m = 1, part = 1, ...kernel] = shape
  const size = convolvedSize(x.type.shape, kernel, geo)
  const columns = n * elementCount(size)
  const stack = geo.group === 1 ? [] : [geo.group]
  const outside = kernel.map((_, i) => padding(geo, i))
  const padded = padConstant(b, x, [0, 0, ...outside.map((p) => p[0])], [0, 0, ...outside.map((p) => p[1])])
  const axes = kernel.map((_, i) => i + 2)
  const seen = b.transpose(padded, [1, 0, ...axes]) // [c, n, ...]
  const cotangents = b.reshape(b.transpose(g, [1, 0, ...axes]), [...stack, m / geo.group, columns])
  const taps = positions(kernel).map((tap) => {
    const starts = tap.map((k, i) => k * (geo.dilations[i] ?? 1))
    const ends = starts.map((start, i) => start + ((size[i] ?? 1) - 1) * (geo.strides[i] ?? 1) + 1)
    const whole = starts.every(
      (s, i) => s === 0 && geo.strides[i] === 1 && ends[i] === seen.type.shape[i + 2],
    )
    const window = whole
      ? seen
      : b.op('Slice', [seen, b.ints(starts), b.ints(ends), b.ints(axes), b.ints(geo.strides)])
    const column = b.reshape(window, [...stack, c / geo.group, columns])
    return b.reshape(product(b, cotangents, column, { transB: true }), [m, part, 1])
  })
  return b.reshape(b.concat(taps, 2), shape)
}

/** All index tuples of a shape, the last running fastest. */
const positions = (shape: readonly number[]): number[][] =>
  shape.reduce<number[][]>(
    (all, d) => all.flatMap((p) => Array.from({ length: d }, (_, k) => [...p, k])),
    [[]],
  )

/** The cotangent of the bias of each channel. */
export const biasCotangent = (b: Builder, g: Value): Value =>
  b.sum(g, [0, ...spatial(g.type.shape).map((_, i) => i + 2)])

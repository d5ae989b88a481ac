import { elementCount, tensor } from '../../graph/types.js'
import type { FileAttribute } from '../attributes.js'
import { damaged, unsupported } from '../problem.js'
import { operatorAttributes } from '../operator-attributes.js'
import type { Rewrite, RewriteContext } from './rewrite.js'

/** Axes from an input (newer opsets) or the attribute of the same name (older ones). */
const axesOf = (c: RewriteContext, k: number): readonly number[] | undefined =>
  c.optional(k) ? c.numbers(k) : c.ints('axes')

/** What only changes shapes, and operators whose shape inputs may be left out. */
export const shapes: Readonly<Record<string, Rewrite>> = {
  Identity: (c) => [c.input(0)],

  Dropout: (c) => {
    const x = c.input(0)
    const ratio = c.optional(1) ? (c.numbers(1)[0] ?? 0) : 0.5
    const training = c.optional(2) ? c.numbers(2)[0] : 0
    if (training && ratio > 0) return unsupported('it is exported in training mode')
    // before opset 10 the mask is of the type of its operand
    const mask = c.b.scalar(1, c.opset < 10 ? x.type.dtype : 'bool')
    return c.node.outputs.length < 2 ? [x] : [x, c.b.expand(mask, x.type.shape)]
  },

  Cast: (c) => {
    const x = c.input(0)
    return x.type.dtype === c.text('to', '') ? [x] : c.same([x])
  },

  CastLike: (c) => [c.b.cast(c.input(0), c.input(1).type.dtype)],

  Squeeze: (c) => {
    const x = c.input(0)
    const { shape } = x.type
    const axes = axesOf(c, 1)?.map((a) => c.axis(a, shape.length))
    if (axes?.some((a) => shape[a] !== 1)) return damaged(`an axis of [${shape.join(', ')}] is not of size 1`)
    return [
      c.b.reshape(
        x,
        shape.filter((d, i) => (axes ? !axes.includes(i) : d !== 1)),
      ),
    ]
  },

  Unsqueeze: (c) => {
    const x = c.input(0)
    const given = axesOf(c, 1) ?? damaged('it names no axes')
    const rank = x.type.shape.length + given.length
    const axes = new Set(given.map((a) => c.axis(a, rank)))
    if (axes.size !== given.length) return damaged('it names an axis twice')
    const old = [...x.type.shape]
    return [
      c.b.reshape(
        x,
        Array.from({ length: rank }, (_, i) => (axes.has(i) ? 1 : (old.shift() ?? 1))),
      ),
    ]
  },

  Flatten: (c) => {
    const x = c.input(0)
    const { shape } = x.type
    const axis = c.int('axis', 1)
    const at = axis === shape.length ? axis : c.axis(axis, shape.length)
    return [c.b.reshape(x, [elementCount(shape.slice(0, at)), elementCount(shape.slice(at))])]
  },

  Reshape: (c) => {
    const x = c.input(0)
    const keeps = c.int('allowzero', 0) === 0
    const wanted = c.numbers(1).map((d, i) => (d === 0 && keeps ? (x.type.shape[i] ?? 0) : d))
    // A 0 in a shape means the size there was, to all who read it: of nothing a new tensor is made.
    if (elementCount(x.type.shape) === 0 && !wanted.includes(-1))
      return [c.b.expand(c.b.scalar(0, x.type.dtype), wanted)]
    return [c.b.op('Reshape', [x, c.b.ints(wanted)])]
  },

  /** ONNX broadcasts both ways: a size of 1 in the wanted shape keeps that of x. */
  Expand: (c) => {
    const x = c.input(0)
    const wanted = c.numbers(1)
    const rank = Math.max(wanted.length, x.type.shape.length)
    const aligned = (shape: readonly number[]): number[] => [
      ...Array.from({ length: rank - shape.length }, () => 1),
      ...shape,
    ]
    const [from, to] = [aligned(x.type.shape), aligned(wanted)]
    return [
      c.b.expand(
        x,
        to.map((d, i) => (d === 1 ? (from[i] ?? 1) : d)),
      ),
    ]
  },

  Transpose: (c) => {
    const x = c.input(0)
    const perm = c.ints('perm') ?? x.type.shape.map((_, i) => i).reverse()
    return [c.b.transpose(x, perm)]
  },

  Slice: (c) => {
    const x = c.input(0)
    const starts = c.numbers(1)
    const ends = c.numbers(2)
    const axes = c.optional(3) ? c.numbers(3) : starts.map((_, i) => i)
    const steps = c.optional(4) ? c.numbers(4) : starts.map(() => 1)
    if ([ends, axes, steps].some((l) => l.length !== starts.length) || steps.includes(0))
      return damaged('its starts, ends, axes and steps do not fit each other')
    return [c.b.op('Slice', [x, ...[starts, ends, axes, steps].map((l) => c.b.ints(l))])]
  },

  Split: (c) => {
    const x = c.input(0)
    const axis = c.axis(c.int('axis', 0), x.type.shape.length)
    // before opset 13 the sizes are an attribute
    const stated = c.optional(1) ? c.numbers(1) : c.ints('split')
    const sizes = stated ?? evenly(c, x.type.shape[axis] ?? 0)
    if (sizes.length !== c.node.outputs.length)
      return damaged(`it has ${c.node.outputs.length} outputs for ${sizes.length} pieces`)
    return c.same([x, c.b.ints(sizes)], ['num_outputs', 'split'])
  },

  Pad: (c) => {
    const x = c.input(0)
    const rank = x.type.shape.length
    const given = c.numbers(1)
    const axes = c.optional(3) ? c.numbers(3).map((a) => c.axis(a, rank)) : x.type.shape.map((_, i) => i)
    if (given.length !== 2 * axes.length)
      return damaged(`it has ${given.length} pads for ${axes.length} axes`)
    const pads = Array.from({ length: 2 * rank }, () => 0)
    axes.forEach((axis, i) => {
      pads[axis] = given[i] ?? 0
      pads[axis + rank] = given[i + axes.length] ?? 0
    })
    return c.same([x, c.b.ints(pads), c.optional(2)])
  },

  Resize: (c) => {
    const x = c.input(0)
    const { shape } = x.type
    const axes = c.ints('axes')?.map((a) => c.axis(a, shape.length))
    /** One number per axis; axes that are not named keep what they have. */
    const full = (numbers: readonly number[], otherwise: readonly number[]): readonly number[] =>
      axes
        ? otherwise.map((v, axis) => (axes.includes(axis) ? (numbers[axes.indexOf(axis)] ?? v) : v))
        : numbers
    const isGiven = (k: number): boolean => (c.optional(k)?.type.shape[0] ?? 0) > 0
    const scales = isGiven(2)
      ? full(
          c.numbers(2),
          shape.map(() => 1),
        )
      : []
    const sizes = isGiven(3)
      ? keepAspect(c, full(c.numbers(3), shape), axes ?? shape.map((_, axis) => axis))
      : shape.map((d, i) => Math.floor(d * (scales[i] ?? 1)))
    const exact = shape.every((d, i) => isGiven(3) || Math.abs(d * (scales[i] ?? 1) - (sizes[i] ?? 0)) < 1e-4)
    // onnxruntime takes the whole size there, ONNX the one before rounding.
    if (!exact && c.text('coordinate_transformation_mode', '') === 'align_corners')
      return unsupported('its scales give no whole sizes, with aligned corners')
    const defaults = {
      mode: 'nearest',
      coordinate_transformation_mode: 'half_pixel',
      nearest_mode: 'round_prefer_floor',
    }
    const attributes = new Map<string, FileAttribute>([...Object.entries(defaults), ...c.node.attributes])
    attributes.delete('axes')
    attributes.delete('keep_aspect_ratio_policy')
    // Scales that give no whole sizes also decide where an element is read.
    const wanted = exact
      ? [null, c.b.ints(sizes)]
      : [c.b.constant(tensor('f32', [scales.length], scales)), null]
    return [c.b.op('Resize', [x, null, ...wanted], operatorAttributes({ ...c.node, attributes }))]
  },
}

/** Sizes that keep the proportions of axes, as large as fits into the given ones or covers them. */
function keepAspect(c: RewriteContext, sizes: readonly number[], axes: readonly number[]): readonly number[] {
  const policy = c.text('keep_aspect_ratio_policy', 'stretch')
  if (policy === 'stretch') return sizes
  const { shape } = c.input(0).type
  const scales = axes.map((axis) => (sizes[axis] ?? 1) / (shape[axis] ?? 1))
  const scale = policy === 'not_larger' ? Math.min(...scales) : Math.max(...scales)
  return sizes.map((d, axis) => (axes.includes(axis) ? Math.floor(scale * (shape[axis] ?? 1) + 0.5) : d))
}

/** The sizes of equal pieces; of `num_outputs` ones the last may be smaller. */
function evenly(c: RewriteContext, size: number): readonly number[] {
  const pieces = c.int('num_outputs', c.node.outputs.length)
  const each = Math.ceil(size / pieces)
  if (!c.has('num_outputs') && size % pieces !== 0)
    return damaged(`an axis of ${size} does not divide by ${pieces}`)
  return Array.from({ length: pieces }, (_, i) => Math.min(each, size - i * each))
}

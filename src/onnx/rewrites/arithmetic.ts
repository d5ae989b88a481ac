import type { Value } from '../../graph/graph.js'
import { type DType, elementCount, isFloat } from '../../graph/types.js'
import { damaged, unsupported } from '../problem.js'
import type { Rewrite, RewriteContext } from './rewrite.js'

/** x op y op z ...: ONNX takes any number of operands. */
const folded =
  (op: string): Rewrite =>
  (c) => {
    const [first, ...rest] = c.inputs.map((_, k) => c.input(k))
    if (!first) return damaged('it has no inputs')
    return [rest.reduce((x, y) => c.b.op(op, [x, y]), first)]
  }

/** Before opset 18 the axes of most reductions are an attribute. */
const reduction: Rewrite = (c) => {
  const x = c.input(0)
  const axes = c.optional(1) ? c.numbers(1) : (c.ints('axes') ?? [])
  const { dtype } = x.type
  if (axes.length === 0 && c.int('noop_with_empty_axes', 0) !== 0) return noop(c, x)
  const over = (v: Value): readonly Value[] =>
    c.same([v, axes.length === 0 ? null : c.b.ints(axes)], ['axes', 'noop_with_empty_axes'])
  if (dtype === 'bool' && elementCount(x.type.shape) === 0) return unsupported('it reduces no conditions')
  const wide = inIntegers(c.node.op, dtype) ? dtype : dtype === 'u8' || dtype === 'bool' ? 'i32' : 'f64'
  return over(c.b.cast(x, wide)).map((v) => c.b.cast(v, dtype))
}

/** Whether our reduction takes a type as it is; others are computed in one that holds all its numbers. */
const inIntegers = (op: string, dtype: DType): boolean =>
  isFloat(dtype) ||
  (['i64', 'i32'].includes(dtype) && ['ReduceSum', 'ReduceMax', 'ReduceMin', 'ReduceProd'].includes(op))

/** Over no axes each element is reduced by itself. */
function noop(c: RewriteContext, x: Value): readonly Value[] {
  const square = ['ReduceSumSquare'].includes(c.node.op)
  if (square) return [c.b.mul(x, x)]
  if (c.node.op === 'ReduceL1' || c.node.op === 'ReduceL2') return [c.b.op('Abs', [x])]
  return c.node.op === 'ReduceLogSum' ? [c.b.log(x)] : [x]
}

const reductions = [
  'ReduceSum',
  'ReduceMean',
  'ReduceMax',
  'ReduceMin',
  'ReduceProd',
  'ReduceL1',
  'ReduceL2',
  'ReduceSumSquare',
  'ReduceLogSum',
  'ReduceLogSumExp',
]

/** Vectors are matrices of one row or one column. */
function product(c: RewriteContext, x: Value, y: Value): Value {
  const [rowless, columnless] = [x.type.shape.length === 1, y.type.shape.length === 1]
  const left = rowless ? c.b.reshape(x, [1, ...x.type.shape]) : x
  const right = columnless ? c.b.reshape(y, [...y.type.shape, 1]) : y
  const z = c.b.matmul(left, right)
  const { shape } = z.type
  const kept = shape.filter(
    (_, i) => !(rowless && i === shape.length - 2) && !(columnless && i === shape.length - 1),
  )
  return c.b.reshape(z, kept)
}

export const arithmetic: Readonly<Record<string, Rewrite>> = {
  ...Object.fromEntries(reductions.map((name) => [name, reduction])),
  Sum: folded('Add'),
  Max: folded('Max'),
  Min: folded('Min'),
  Mean: (c) => {
    const [sum] = folded('Add')(c)
    return [c.b.scale(sum ?? c.input(0), 1 / c.inputs.length)]
  },

  /** The exponent may be of another type than the base. */
  Pow: (c) => c.same([c.input(0), c.b.cast(c.input(1), c.input(0).type.dtype)]),

  /** Integers are multiplied as doubles, which hold their products exactly up to 2^53. */
  MatMul: (c) => {
    const [x, y] = [c.input(0), c.input(1)]
    const { dtype } = x.type
    if (isFloat(dtype)) return [product(c, x, y)]
    return [c.b.cast(product(c, c.b.cast(x, 'f64'), c.b.cast(y, 'f64')), dtype)]
  },

  GlobalAveragePool: (c) => {
    const x = c.input(0)
    return [c.b.mean(x, x.type.shape.map((_, i) => i).slice(2), true)]
  },

  Conv: (c) => c.same([c.input(0), c.input(1), c.optional(2)], ['auto_pad', 'kernel_shape'], window(c)),

  ConvTranspose: (c) => {
    if (c.has('output_shape')) return unsupported('the attribute "output_shape"')
    const { output_padding: more, ...rest } = { output_padding: c.ints('output_padding'), ...window(c) }
    const attributes = { ...rest, output_padding: more ?? rest.strides.map(() => 0) }
    return c.same([c.input(0), c.input(1), c.optional(2)], ['auto_pad', 'kernel_shape'], attributes)
  },
}

/** Strides, dilations and pads of a convolution, where the file leaves them out or says how to find them. */
function window(c: RewriteContext): Record<'strides' | 'dilations' | 'pads', readonly number[]> {
  const size = c.input(0).type.shape.slice(2)
  const kernel = c.input(1).type.shape.slice(2)
  const stated = c.ints('kernel_shape')
  if (stated && stated.join() !== kernel.join())
    return damaged(`its kernel_shape is [${stated.join(', ')}], its weight has [${kernel.join(', ')}]`)
  const strides = c.ints('strides') ?? size.map(() => 1)
  const dilations = c.ints('dilations') ?? size.map(() => 1)
  const mode = c.text('auto_pad', 'NOTSET')
  if (mode === 'NOTSET' || mode === 'VALID')
    return {
      strides,
      dilations,
      pads: (mode === 'NOTSET' && c.ints('pads')) || [...size, ...size].map(() => 0),
    }
  if ((mode !== 'SAME_UPPER' && mode !== 'SAME_LOWER') || c.node.op !== 'Conv')
    return unsupported(`the auto_pad "${mode}"`)
  const totals = size.map((d, i) => {
    const stride = strides[i] ?? 1
    const reach = (dilations[i] ?? 1) * ((kernel[i] ?? 1) - 1) + 1
    return Math.max(0, (Math.ceil(d / stride) - 1) * stride + reach - d)
  })
  const less = totals.map((t) => Math.floor(t / 2))
  const more = totals.map((t) => Math.ceil(t / 2))
  return { strides, dilations, pads: mode === 'SAME_UPPER' ? [...less, ...more] : [...more, ...less] }
}

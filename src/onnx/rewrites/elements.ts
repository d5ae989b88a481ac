import type { Value } from '../../graph/graph.js'
import { elementCount, isFloat, tensor } from '../../graph/types.js'
import type { DType } from '../../graph/types.js'
import { maxConstant } from '../constant-values.js'
import { unsupported } from '../problem.js'
import type { Rewrite, RewriteContext } from './rewrite.js'

/** The operator as it is for floats, something else for integers. */
const orOfIntegers =
  (integers: Rewrite): Rewrite =>
  (c) =>
    isFloat(c.input(0).type.dtype) ? c.same(c.inputs) : integers(c)

/** 1 at the first largest element along an axis, 0 elsewhere. */
export function hardmax({ b }: RewriteContext, x: Value, axis: number): Value {
  const { shape, dtype } = x.type
  const size = shape[axis] ?? 1
  const ranks = shape.slice(axis).map((_, k) => (k === 0 ? size : 1))
  const places = tensor(
    'i64',
    ranks,
    Array.from({ length: size }, (_, k) => k),
  )
  const largest = b.op('ArgMax', [x], { axis, keepdims: 1 })
  return b.cast(b.op('Equal', [b.constant(places), largest]), dtype)
}

/** Operators that work element by element, or choose elements. */
export const elements: Readonly<Record<string, Rewrite>> = {
  Abs: orOfIntegers((c) => [c.b.op('Max', [c.input(0), c.b.neg(c.input(0))])]),
  Relu: orOfIntegers((c) => [c.b.op('Max', [c.input(0), c.b.scalar(0, c.input(0).type.dtype)])]),
  Sign: orOfIntegers((c) => {
    const [x, { dtype }] = [c.input(0), c.input(0).type]
    const is = (comparison: string): Value => c.b.cast(c.b.op(comparison, [x, c.b.scalar(0, dtype)]), dtype)
    return [c.b.sub(is('Greater'), is('Less'))]
  }),

  Xor: (c) => [c.b.op('Not', [c.b.op('Equal', [c.input(0), c.input(1)])])],

  IsInf: (c) => {
    const x = c.input(0)
    const is = (value: number): Value => c.b.op('Equal', [x, c.b.scalar(value, x.type.dtype)])
    const found = [
      ...(c.int('detect_positive', 1) ? [is(Infinity)] : []),
      ...(c.int('detect_negative', 1) ? [is(-Infinity)] : []),
    ]
    const [first, second] = found
    if (!first) return [c.b.expand(c.b.scalar(0, 'bool'), x.type.shape)]
    return [second ? c.b.op('Or', [first, second]) : first]
  },

  /** The remainder of floats has the sign of the divisor, or with `fmod` that of the dividend. */
  Mod: (c) => {
    const [x, y] = [c.input(0), c.input(1)]
    const { dtype } = x.type
    if (!isFloat(dtype) || c.int('fmod', 0) !== 0) return c.same([x, y])
    const rest = c.b.op('Mod', [x, y], { fmod: 1 })
    const sign = (v: Value): Value => c.b.op('Sign', [v])
    const isOther = c.b.op('Less', [c.b.mul(sign(rest), sign(y)), c.b.scalar(0, dtype)])
    return [c.b.where(isOther, c.b.add(rest, y), rest)]
  },

  Shrink: (c) => {
    const x = c.input(0)
    const number = (value: number): Value => c.b.scalar(value, x.type.dtype)
    const [limit, bias] = [c.int('lambd', 0.5), c.int('bias', 0)]
    const above = c.b.where(c.b.op('Greater', [x, number(limit)]), c.b.sub(x, number(bias)), number(0))
    return [c.b.where(c.b.op('Less', [x, number(-limit)]), c.b.add(x, number(bias)), above)]
  },

  SwiGLU: (c) => [c.b.mul(c.b.op('Swish', [c.input(0)], { alpha: c.int('alpha', 1) }), c.input(1))],

  Hardmax: (c) => [hardmax(c, c.input(0), c.axis(c.int('axis', -1), c.input(0).type.shape.length))],

  EyeLike: (c) => {
    const { shape, dtype } = c.input(0).type
    const [rows = 0, columns = 0] = shape
    const k = c.int('k', 0)
    const count = elementCount(shape)
    if (shape.length !== 2 || count > maxConstant)
      return unsupported(`a matrix of shape [${shape.join(', ')}]`)
    const values = Array.from({ length: rows * columns }, (_, at) =>
      Number((at % columns) - Math.floor(at / columns) === k),
    )
    return [c.b.constant(tensor(c.text('dtype', dtype) as DType, shape, values))]
  },

  /** What stands where a constant is true. */
  Compress: (c) => {
    const chosen = c.numbers(1).flatMap((v, i) => (v === 0 ? [] : [i]))
    const x = c.input(0)
    if (c.has('axis')) {
      const axis = c.axis(c.int('axis', 0), x.type.shape.length)
      return [c.b.op('Gather', [x, c.b.ints(chosen)], { axis })]
    }
    return [c.b.op('Gather', [c.b.reshape(x, [elementCount(x.type.shape)]), c.b.ints(chosen)], { axis: 0 })]
  },
}

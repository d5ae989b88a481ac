import type { Value } from '../../../graph/graph.js'
import { isFloat, sameShape } from '../../../graph/types.js'
import { type Call, type Rule, given, madeBy, uniform } from './rule.js'

const unchanged = (x: Value, { type }: Call): Value | undefined =>
  x.type.dtype === type.dtype && sameShape(x.type.shape, type.shape) ? x : undefined

/** The operand that is a uniform constant, as a number, and the other one. */
function withConstant({
  inputs,
}: Call): { readonly x: Value; readonly c: number; readonly constant: Value } | undefined {
  const [x, y] = [given(inputs, 0), given(inputs, 1)]
  const [cx, cy] = [uniform(x), uniform(y)]
  if (cy !== undefined && cx === undefined) return { x, c: cy, constant: y }
  if (cx !== undefined && cy === undefined) return { x: y, c: cx, constant: x }
  return undefined
}

const add: Rule = {
  ops: ['Add'],
  rewrite(call) {
    const { b, inputs, type } = call
    const [x, y] = [given(inputs, 0), given(inputs, 1)]
    const scalar = withConstant(call)
    // x + 0
    if (scalar?.c === 0) return unchanged(scalar.x, call)
    // x + -y, -x + y
    const [negX, negY] = [madeBy(x, 'Neg'), madeBy(y, 'Neg')]
    if (negY) return b.op('Sub', [x, given(negY.inputs, 0)])
    if (negX) return b.op('Sub', [y, given(negX.inputs, 0)])
    // (x + c) + d
    const inner = scalar && isFloat(type.dtype) ? madeBy(scalar.x, 'Add') : undefined
    const below = inner && withConstant({ ...call, inputs: inner.inputs })
    if (scalar && below) return keep(call, b.op('Add', [below.x, b.scalar(scalar.c + below.c, type.dtype)]))
    return undefined
  },
}

const sub: Rule = {
  ops: ['Sub'],
  rewrite(call) {
    const { b, inputs } = call
    const [x, y] = [given(inputs, 0), given(inputs, 1)]
    if (uniform(y) === 0) return unchanged(x, call)
    if (uniform(x) === 0) return keep(call, b.op('Neg', [y]))
    const negY = madeBy(y, 'Neg')
    return negY ? b.op('Add', [x, given(negY.inputs, 0)]) : undefined
  },
}

const mul: Rule = {
  ops: ['Mul'],
  rewrite(call) {
    const { b, inputs, type } = call
    const [x, y] = [given(inputs, 0), given(inputs, 1)]
    const [negX, negY] = [madeBy(x, 'Neg'), madeBy(y, 'Neg')]
    if (negX && negY) return b.op('Mul', [given(negX.inputs, 0), given(negY.inputs, 0)])
    const scalar = withConstant(call)
    if (!scalar) return undefined
    if (scalar.c === 1) return unchanged(scalar.x, call)
    if (!isFloat(type.dtype)) return undefined
    const neg = madeBy(scalar.x, 'Neg')
    if (neg) return keep(call, b.op('Mul', [given(neg.inputs, 0), b.scalar(-scalar.c, type.dtype)]))
    // (x * c) * d, (x / c) * d, (c / x) * d
    const product = madeBy(scalar.x, 'Mul')
    const below = product && withConstant({ ...call, inputs: product.inputs })
    if (below) return keep(call, b.op('Mul', [below.x, b.scalar(scalar.c * below.c, type.dtype)]))
    const quotient = madeBy(scalar.x, 'Div')
    if (!quotient) return undefined
    const [top, bottom] = [uniform(quotient.inputs[0]), uniform(quotient.inputs[1])]
    if (bottom !== undefined && top === undefined) {
      return keep(call, b.op('Mul', [given(quotient.inputs, 0), b.scalar(scalar.c / bottom, type.dtype)]))
    }
    if (top !== undefined && bottom === undefined) {
      return keep(call, b.op('Div', [b.scalar(scalar.c * top, type.dtype), given(quotient.inputs, 1)]))
    }
    return undefined
  },
}

const div: Rule = {
  ops: ['Div'],
  rewrite(call) {
    const { b, inputs, type } = call
    const [x, y] = [given(inputs, 0), given(inputs, 1)]
    const c = uniform(y)
    if (c === undefined || uniform(x) !== undefined || !isFloat(type.dtype)) return undefined
    if (c === 1) return unchanged(x, call)
    const product = madeBy(x, 'Mul')
    const below = product && withConstant({ ...call, inputs: product.inputs })
    if (below) return keep(call, b.op('Mul', [below.x, b.scalar(below.c / c, type.dtype)]))
    // Exact where c is a power of two; a product costs less than a quotient.
    return Number.isInteger(Math.log2(Math.abs(c)))
      ? keep(call, b.op('Mul', [x, b.scalar(1 / c, type.dtype)]))
      : undefined
  },
}

const neg: Rule = {
  ops: ['Neg'],
  rewrite({ b, inputs, type }) {
    const x = given(inputs, 0)
    const inner = madeBy(x, 'Neg')
    if (inner) return given(inner.inputs, 0)
    const difference = madeBy(x, 'Sub')
    if (difference) return b.op('Sub', [given(difference.inputs, 1), given(difference.inputs, 0)])
    const product = madeBy(x, 'Mul')
    const below = product && isFloat(type.dtype) ? withConstantOf(product.inputs) : undefined
    return below && sameShape(below.x.type.shape, type.shape)
      ? b.op('Mul', [below.x, b.scalar(-below.c, type.dtype)])
      : undefined
  },
}

const withConstantOf = (inputs: readonly (Value | null)[]) => {
  const [x, y] = [given(inputs, 0), given(inputs, 1)]
  const c = uniform(y) ?? uniform(x)
  return c === undefined ? undefined : { x: uniform(y) === undefined ? y : x, c }
}

const pow: Rule = {
  ops: ['Pow'],
  rewrite(call) {
    const { b, inputs } = call
    const x = given(inputs, 0)
    switch (uniform(inputs[1])) {
      case 1:
        return unchanged(x, call)
      case 2:
        return keep(call, b.op('Mul', [x, x]))
      case 0.5:
        return keep(call, b.op('Sqrt', [x]))
      default:
        return undefined
    }
  },
}

/** The replacement, if a constant's own shape did not broadcast the result. */
function keep(call: Call, value: Value): Value | undefined {
  return unchanged(value, call)
}

export const arithmetic: readonly Rule[] = [add, sub, mul, div, neg, pow]

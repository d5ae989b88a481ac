import type { Builder } from '../graph/builder.js'
import type { Value } from '../graph/graph.js'
import { unary } from './_elementwise.js'

/** 1 + sign x x */
const onePlus = (b: Builder, sign: 1 | -1, x: Value): Value =>
  (sign === 1 ? b.add : b.sub)(b.scalar(1, x.type.dtype), b.mul(x, x))

export default [
  unary({
    name: 'Tan',
    word: 'tan',
    doc: 'The tangent, element by element.',
    narrow: 'none',
    f: Math.tan,
    derivative: ({ b, cotangent }, _, y) => b.mul(cotangent, onePlus(b, 1, y)),
    sample: { low: -1.2, high: 1.2 },
  }),
  unary({
    name: 'Asin',
    word: 'asin',
    doc: 'The angle in [-pi / 2, pi / 2] whose sine is x, element by element; NaN outside of [-1, 1].',
    narrow: 'none',
    f: Math.asin,
    derivative: ({ b, cotangent }, x) => b.div(cotangent, b.sqrt(onePlus(b, -1, x))),
    sample: { low: -0.65, high: 0.65 },
  }),
  unary({
    name: 'Acos',
    word: 'acos',
    doc: 'The angle in [0, pi] whose cosine is x, element by element; NaN outside of [-1, 1].',
    narrow: 'none',
    f: Math.acos,
    derivative: ({ b, cotangent }, x) => b.neg(b.div(cotangent, b.sqrt(onePlus(b, -1, x)))),
    sample: { low: -0.65, high: 0.65 },
  }),
  unary({
    name: 'Atan',
    word: 'atan',
    doc: 'The angle in (-pi / 2, pi / 2) whose tangent is x, element by element.',
    narrow: 'none',
    f: Math.atan,
    derivative: ({ b, cotangent }, x) => b.div(cotangent, onePlus(b, 1, x)),
  }),
]

import type { Builder } from '../graph/builder.js'
import type { Value } from '../graph/graph.js'
import { unary } from './_elementwise.js'

const number = (b: Builder, x: Value, v: number): Value => b.scalar(v, x.type.dtype)

export default [
  unary({
    name: 'Sinh',
    word: 'sinh',
    doc: 'The hyperbolic sine, element by element.',
    narrow: 'none',
    f: Math.sinh,
    derivative: ({ b, cotangent }, x) => b.mul(cotangent, b.op('Cosh', [x])),
  }),
  unary({
    name: 'Cosh',
    word: 'cosh',
    doc: 'The hyperbolic cosine, element by element.',
    narrow: 'none',
    f: Math.cosh,
    derivative: ({ b, cotangent }, x) => b.mul(cotangent, b.op('Sinh', [x])),
  }),
  unary({
    name: 'Asinh',
    word: 'asinh',
    doc: 'The inverse of the hyperbolic sine, element by element.',
    narrow: 'none',
    f: Math.asinh,
    derivative: ({ b, cotangent }, x) => b.div(cotangent, b.sqrt(b.add(b.mul(x, x), number(b, x, 1)))),
  }),
  unary({
    name: 'Acosh',
    word: 'acosh',
    doc: 'The inverse of the hyperbolic cosine, element by element; NaN below 1.',
    narrow: 'none',
    f: Math.acosh,
    derivative: ({ b, cotangent }, x) => b.div(cotangent, b.sqrt(b.sub(b.mul(x, x), number(b, x, 1)))),
    sample: { low: 1.3, high: 3 },
  }),
  unary({
    name: 'Atanh',
    word: 'atanh',
    doc: 'The inverse of the hyperbolic tangent, element by element; NaN outside of [-1, 1].',
    narrow: 'none',
    f: Math.atanh,
    derivative: ({ b, cotangent }, x) => b.div(cotangent, b.sub(number(b, x, 1), b.mul(x, x))),
    sample: { low: -0.65, high: 0.65 },
  }),
]

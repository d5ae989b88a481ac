import { unary } from './_elementwise.js'

export default unary({
  name: 'Reciprocal',
  word: 'reciprocal',
  doc: '1 / x, element by element.',
  narrow: 'none',
  f: (x) => 1 / x,
  derivative: ({ b, cotangent }, _, y) => b.neg(b.mul(cotangent, b.mul(y, y))),
  sample: { apart: 0.4 },
})

import { unary } from './_elementwise.js'

export default unary({
  name: 'Cos',
  word: 'cos',
  doc: 'The cosine, element by element.',
  narrow: 'none',
  numbers: 'float',
  f: Math.cos,
  derivative: ({ b, cotangent }, x) => b.neg(b.mul(cotangent, b.op('Sin', [x]))),
})

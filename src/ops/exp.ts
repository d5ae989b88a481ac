import { unary } from './_elementwise.js'

export default unary({
  name: 'Exp',
  word: 'exp',
  doc: 'e ** x, element by element.',
  narrow: 'none',
  numbers: 'float',
  f: Math.exp,
  derivative: ({ b, cotangent }, _, y) => b.mul(cotangent, y),
})

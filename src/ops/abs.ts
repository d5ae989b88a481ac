import { unary } from './_elementwise.js'

export default unary({
  name: 'Abs',
  word: 'abs',
  doc: 'The absolute value, element by element; its slope at 0 is taken as 0.',
  numbers: 'same',
  f: Math.abs,
  derivative: ({ b, cotangent }, x) => b.mul(cotangent, b.op('Sign', [x])),
  sample: { apart: 0.05 },
})

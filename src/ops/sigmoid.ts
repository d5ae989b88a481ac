import { unary } from './_elementwise.js'

export default unary({
  name: 'Sigmoid',
  word: 'sigmoid',
  doc: '1 / (1 + exp(-x)), element by element.',
  inPlace: true,
  f: (x) => 1 / (1 + Math.exp(-x)),
  derivative: ({ b, cotangent }, _, y) => b.mul(cotangent, b.sub(y, b.mul(y, y))),
})

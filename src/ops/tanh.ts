import { unary } from './_elementwise.js'

export default unary({
  name: 'Tanh',
  word: 'tanh',
  doc: 'The hyperbolic tangent, element by element.',
  inPlace: true,
  numbers: 'float',
  f: Math.tanh,
  derivative: ({ b, cotangent }, _, y) => b.mul(cotangent, b.sub(b.scalar(1, y.type.dtype), b.mul(y, y))),
})

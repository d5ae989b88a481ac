import { unary } from './_elementwise.js'

export default unary({
  name: 'Sin',
  word: 'sin',
  doc: 'The sine, element by element.',
  narrow: 'none',
  numbers: 'float',
  f: Math.sin,
  derivative: ({ b, cotangent }, x) => b.mul(cotangent, b.op('Cos', [x])),
})

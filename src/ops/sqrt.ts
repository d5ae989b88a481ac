import { unary } from './_elementwise.js'

export default unary({
  name: 'Sqrt',
  word: 'sqrt',
  doc: 'The square root, element by element.',
  narrow: 'none',
  numbers: 'float',
  f: Math.sqrt,
  derivative: ({ b, cotangent }, _, y) => b.div(b.scale(cotangent, 0.5), y),
  sample: { low: 0.2, high: 3 },
})

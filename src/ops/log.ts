import { unary } from './_elementwise.js'

export default unary({
  name: 'Log',
  word: 'log',
  doc: 'The natural logarithm, element by element.',
  narrow: 'none',
  numbers: 'float',
  f: Math.log,
  derivative: ({ b, cotangent }, x) => b.div(cotangent, x),
  sample: { low: 0.2, high: 3 },
})

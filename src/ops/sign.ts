import { unary } from './_elementwise.js'

export default unary({
  name: 'Sign',
  word: 'sign',
  doc: 'The sign, element by element: -1, 0 or 1.',
  f: Math.sign,
  derivative: 'zero',
  sample: { apart: 0.05 },
})

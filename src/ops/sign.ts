import { unary } from './_elementwise.js'

export default unary({
  name: 'Sign',
  word: 'sign',
  doc: 'The sign, element by element: -1, 0 or 1; of NaN it is NaN.',
  f: Math.sign,
  derivative: 'zero',
  sample: { apart: 0.05 },
})

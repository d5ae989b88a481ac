import { unary } from './_elementwise.js'
import { numberTypes } from './_types.js'

export default unary({
  name: 'Neg',
  word: 'negation',
  doc: '-x, element by element.',
  accepts: numberTypes,
  f: (x) => -x,
  derivative: ({ b, cotangent }) => b.neg(cotangent),
  language: false,
})

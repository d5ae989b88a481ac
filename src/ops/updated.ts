import { unary } from './_elementwise.js'
import { allTypes } from './_types.js'

export default unary({
  name: 'Updated',
  domain: 'dcrc',
  word: 'updated',
  doc: 'What the step makes of x, a parameter or a state; differentiation puts it there once the optimizer has its say.',
  narrow: 'none',
  accepts: allTypes,
  f: (x) => x,
  derivative: 'zero',
  language: false,
})

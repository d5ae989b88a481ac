import { unary } from './_elementwise.js'
import { erf, logBell } from './_erf.js'

export default unary({
  name: 'Erf',
  word: 'erf',
  doc: 'The error function 2 / sqrt(pi) * integral of exp(-t * t) from 0 to x, element by element.',
  f: erf,
  derivative: ({ b, cotangent }, x) =>
    b.mul(cotangent, b.exp(b.sub(b.scalar(logBell, x.type.dtype), b.mul(x, x)))),
})

import { unary } from './_elementwise.js'

export default unary({
  name: 'Softplus',
  word: 'softplus',
  doc: 'log(1 + exp(x)), element by element: a smooth form of max(x, 0).',
  narrow: 'none',
  // exp of a negative number alone: large x does not overflow
  inPlace: true,
  f: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  derivative: ({ b, cotangent }, x) => b.mul(cotangent, b.op('Sigmoid', [x])),
})

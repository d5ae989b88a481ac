import { unary } from './_elementwise.js'

export default unary({
  name: 'Softsign',
  word: 'softsign',
  doc: 'x / (1 + |x|), element by element.',
  inPlace: true,
  f: (x) => x / (1 + Math.abs(x)),
  derivative({ b, cotangent }, x) {
    const inverse = b.op('Reciprocal', [b.add(b.op('Abs', [x]), b.scalar(1, x.type.dtype))])
    return b.mul(cotangent, b.mul(inverse, inverse))
  },
  sample: { apart: 0.05 },
})

import { rangeOfEnds } from './_range.js'
import { binary, floatPair } from './_elementwise.js'
import { given, numberTypes } from './_types.js'

export default binary({
  name: 'Mul',
  word: '*',
  doc: 'x * y, element by element, with broadcasting.',
  accepts: numberTypes,
  f: (x, y) => x * y,
  commutative: true,
  range: rangeOfEnds((x, y) => x * y),
  derivative: {
    kind: 'rule',
    rule: ({ b, inputs, cotangent }) => [
      () => b.mul(cotangent, given(inputs, 1)),
      () => b.mul(cotangent, given(inputs, 0)),
    ],
  },
  sample: floatPair(),
})

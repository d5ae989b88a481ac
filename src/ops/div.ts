import { isFloat } from '../graph/types.js'
import { once } from '../once.js'
import { binary, floatPair } from './_elementwise.js'
import { given, numberTypes } from './_types.js'

export default binary({
  name: 'Div',
  word: '/',
  doc: 'x / y, element by element, with broadcasting; integers are cut towards zero.',
  accepts: numberTypes,
  f: (x, y, dtype) => (isFloat(dtype) ? x / y : Math.trunc(x / y)),
  derivative: {
    kind: 'rule',
    // d(x/y) = dx / y - dy (x/y) / y: the division of the cotangent serves both.
    rule({ b, inputs, outputs, cotangent }) {
      const scaled = once(() => b.div(cotangent, given(inputs, 1)))
      return [scaled, () => b.neg(b.mul(scaled(), given(outputs, 0)))]
    },
  },
  sample: floatPair({}, { apart: 0.5 }),
})

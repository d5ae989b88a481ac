import { binary, floatPair } from './_elementwise.js'
import { numberTypes } from './_types.js'

export default binary({
  name: 'Add',
  word: '+',
  doc: 'x + y, element by element, with broadcasting.',
  accepts: numberTypes,
  f: (x, y) => x + y,
  commutative: true,
  derivative: { kind: 'rule', rule: ({ cotangent }) => [() => cotangent, () => cotangent] },
  sample: floatPair(),
})

import { binary, floatPair } from './_elementwise.js'
import { numberOf, rangeOfEnds } from './_range.js'
import { numberTypes } from './_types.js'

export default binary({
  name: 'Add',
  word: '+',
  doc: 'x + y, element by element, with broadcasting.',
  accepts: numberTypes,
  f: (x, y) => x + y,
  commutative: true,
  offset: ([x, y]) => {
    const [left, right] = [numberOf(x), numberOf(y)]
    if (x && right !== undefined) return { operand: x, by: right }
    return y && left !== undefined ? { operand: y, by: left } : undefined
  },
  range: rangeOfEnds((x, y) => x + y),
  derivative: { kind: 'rule', rule: ({ cotangent }) => [() => cotangent, () => cotangent] },
  sample: floatPair(),
})

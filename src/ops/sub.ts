import { binary, floatPair } from './_elementwise.js'
import { numberOf, rangeOfEnds } from './_range.js'
import { numberTypes } from './_types.js'

export default binary({
  name: 'Sub',
  word: '-',
  doc: 'x - y, element by element, with broadcasting.',
  accepts: numberTypes,
  f: (x, y) => x - y,
  offset: ([x, y]) => {
    const by = numberOf(y)
    return x && by !== undefined ? { operand: x, by: -by } : undefined
  },
  range: rangeOfEnds((x, y) => x - y),
  derivative: { kind: 'rule', rule: ({ b, cotangent }) => [() => cotangent, () => b.neg(cotangent)] },
  sample: floatPair(),
})

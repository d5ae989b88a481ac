import { flag } from './_attributes.js'
import { alignScalars, binary } from './_elementwise.js'
import { floatTypes, given, numberTypes } from './_types.js'
import { numberOf } from './_range.js'
import type { Operator } from './operator.js'

const mod = binary({
  name: 'Mod',
  word: 'mod',
  doc: 'The remainder of x / y, element by element, with broadcasting: of the sign of y (fmod = 0, integers), or of the sign of x (fmod = 1).',
  narrow: 'none',
  accepts: numberTypes,
  attributes: { fmod: 0 },
  range: (_, [x, y], attributes) => {
    const divisor = numberOf(y)
    const whole = x && !floatTypes.includes(x.type.dtype) && !flag(attributes, 'fmod')
    return whole && divisor !== undefined && divisor > 0 ? { low: 0, high: divisor - 1 } : undefined
  },
  f: (x, y, _, attributes) => (flag(attributes, 'fmod') ? x % y : x - Math.floor(x / y) * y),
  derivative: {
    kind: 'rule',
    // x - y trunc(x / y)
    rule({ b, inputs, cotangent }) {
      const ratio = b.div(given(inputs, 0), given(inputs, 1))
      const whole = b.mul(b.op('Sign', [ratio]), b.op('Floor', [b.op('Abs', [ratio])]))
      return [() => cotangent, () => b.neg(b.mul(cotangent, whole))]
    },
  },
  sample(random) {
    const [a, c] = random.broadcastPair()
    if (random.bool(0.3)) {
      const divisors = random.ints(c, 1, 4)
      const signed = { ...divisors, data: divisors.data.map((v) => (random.bool() ? v : -v)) }
      return { inputs: [random.ints(a, -9, 9), signed], attributes: { fmod: 0 } }
    }
    // Quotients between 0.1 and 0.9 or 2.1 and 2.9, away from the jumps.
    const y = random.tensor(c, { low: 0.99, high: 1.01 })
    const x = random.tensor(a, { low: 0.15, high: 0.85 })
    const data = x.data.map((v) => (random.bool() ? 1 : -1) * (v + random.pick([0, 2])))
    return { inputs: [{ ...x, data: data.map(Math.fround) }, y], attributes: { fmod: 1 } }
  },
})

const modOperator: Operator = {
  ...mod,
  language: [
    {
      name: 'mod',
      doc: 'The remainder x - floor(x / y) y, element by element, with broadcasting: it has the sign of y.',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'y', kind: 'tensor' },
      ],
      build(b, args) {
        const [x, y] = alignScalars(b, args.tensor('x'), args.tensor('y'))
        if (!floatTypes.includes(x.type.dtype)) return b.op('Mod', [x, y])
        return b.sub(x, b.mul(b.op('Floor', [b.div(x, y)]), y))
      },
    },
  ],
}
export default modOperator

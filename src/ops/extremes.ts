import { once } from '../once.js'
import { binary } from './_elementwise.js'
import { given, numberTypes } from './_types.js'
import type { Operator, Sample } from './operator.js'
import type { SampleRandom } from './sample.js'

/** Two operands that are nowhere closer than 0.05, so that no sample lies at a kink. */
function apart(random: SampleRandom): Sample {
  const [a, c] = random.broadcastPair()
  return {
    inputs: [random.tensor(a, { apart: 0.3 }), random.tensor(c, { low: -0.25, high: 0.25 })],
    attributes: {},
  }
}

/** A bound of one operand bounds the extreme on one side, whatever the other operand is. */
const rangeOfExtreme =
  (f: (x: number, y: number) => number): NonNullable<Operator['range']> =>
  ([x = everything, y = everything]) => ({ low: f(x.low, y.low), high: f(x.high, y.high) })
const everything = { low: -Infinity, high: Infinity }

/** The cotangent goes to the operand that won; at a tie, and where one is NaN, as in torch. */
const extreme = (
  name: string,
  call: string,
  doc: string,
  f: (x: number, y: number) => number,
  loses: string,
): Operator =>
  binary({
    name,
    word: call,
    doc,
    accepts: numberTypes,
    commutative: true,
    f,
    range: rangeOfExtreme(f),
    derivative: {
      kind: 'rule',
      rule({ b, inputs, cotangent }) {
        const [x, y] = [given(inputs, 0), given(inputs, 1)]
        const zero = b.scalar(0, cotangent.type.dtype)
        const shared = once(() => b.where(b.op('Equal', [x, y]), b.scale(cotangent, 0.5), cotangent))
        return [
          () => b.where(b.op(loses, [x, y]), zero, shared()),
          () => b.where(b.op(loses, [y, x]), zero, shared()),
        ]
      },
    },
    call,
    numbers: 'same',
    sample: apart,
  })

export default [
  extreme(
    'Max',
    'maximum',
    'The larger of x and y, element by element, with broadcasting; equals share the gradient.',
    (x, y) => Math.max(x, y),
    'Less',
  ),
  extreme(
    'Min',
    'minimum',
    'The smaller of x and y, element by element, with broadcasting; equals share the gradient.',
    (x, y) => Math.min(x, y),
    'Greater',
  ),
]

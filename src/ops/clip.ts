import type { Value } from '../graph/graph.js'
import { elementCount, scalar, tensor } from '../graph/types.js'
import { alignScalars } from './_elementwise.js'
import { given, numberTypes, requireRank, requireSameType, requireTypes } from './_types.js'
import { numberOf } from './_range.js'
import type { Operator } from './operator.js'

const clip: Operator = {
  name: 'Clip',
  domain: '',
  doc: 'min(max(x, low), high), element by element; low and high are scalars, each may be absent. The gradient passes where low < x < high.',
  infer(inputs) {
    const x = given(inputs, 0)
    requireTypes('clip', numberTypes, x)
    for (const bound of bounds(inputs)) {
      requireSameType('clip', x, bound)
      requireRank("clip's bound", bound, 0)
    }
    return [x.type]
  },
  value(inputs) {
    const x = given(inputs, 0)
    const low = inputs[1]?.data[0] ?? -Infinity
    const high = inputs[2]?.data[0] ?? Infinity
    return [
      tensor(
        x.dtype,
        x.shape,
        x.data.map((v) => Math.min(Math.max(v, low), high)),
      ),
    ]
  },
  derivative: {
    kind: 'rule',
    rule({ b, inputs, cotangent }) {
      const [x, low, high] = [given(inputs, 0), inputs[1], inputs[2]]
      const inside = [low && b.op('Greater', [x, low]), high && b.op('Less', [x, high])].flatMap(
        (v) => v ?? [],
      )
      const zero = b.scalar(0, cotangent.type.dtype)
      return [() => inside.reduce((g, within) => b.where(within, g, zero), cotangent), null, null]
    },
  },
  range: ([x], inputs) => {
    const [least, most] = [numberOf(inputs[1]) ?? -Infinity, numberOf(inputs[2]) ?? Infinity]
    const held = (v: number): number => Math.min(Math.max(v, least), most)
    return { low: held(x?.low ?? -Infinity), high: held(x?.high ?? Infinity) }
  },
  narrow: 'all',
  flops: (_, [y]) => elementCount(y?.shape ?? []),
  rows: ([row = null]) => [row],
  broadcasts: 0,
  memory: { inPlace: true },
  language: [
    {
      name: 'clip',
      doc: 'x limited to low from below and high from above; either may be none.',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'low', kind: 'tensor', default: null },
        { name: 'high', kind: 'tensor', default: null },
      ],
      build(b, args) {
        const x = args.tensor('x')
        const bound = (name: string): Value | null =>
          args.has(name) ? alignScalars(b, x, args.tensor(name))[1] : null
        return b.op('Clip', [x, bound('low'), bound('high')])
      },
    },
  ],
  sample(random) {
    const x = random.tensor(random.shape(), { apart: 0.1 })
    const bound = (v: number) => (random.bool(0.8) ? scalar(v) : null)
    return {
      inputs: [x, bound(random.pick([-0.05, 0, -2.5])), bound(random.pick([0.05, 2.5]))],
      attributes: {},
      constant: [1, 2],
    }
  },
}
export default clip

const bounds = (inputs: readonly (Value | null)[]): Value[] => inputs.slice(1).filter((v) => v !== null)

import { elementCount, scalar, tensor } from '../graph/types.js'
import type { Value } from '../graph/graph.js'
import { flag } from './_attributes.js'
import { around, at } from './_index.js'
import { checkAxis, constantInts, given, ints, numberTypes, requireTypes, wrapAxis } from './_types.js'
import type { Operator } from './operator.js'

const cumSum: Operator = {
  name: 'CumSum',
  domain: '',
  doc: 'The running sum along an axis (input 1, a constant): element i is the sum of elements 0 to i; without element i where exclusive is 1, and from the end where reverse is 1.',
  attributes: { exclusive: 0, reverse: 0 },
  infer(inputs) {
    const x = given(inputs, 0)
    requireTypes('cumsum', numberTypes, x)
    checkAxis('cumsum', axisOf(inputs), x.type)
    return [x.type]
  },
  value(inputs, attributes) {
    const x = given(inputs, 0)
    const [axis = 0] = ints(given(inputs, 1))
    const [before, size, after] = around(x.shape, wrapAxis(axis, x.shape.length))
    const [exclusive, reverse] = [flag(attributes, 'exclusive'), flag(attributes, 'reverse')]
    const out = new Float64Array(x.data.length)
    for (let i = 0; i < before; i++) {
      for (let m = 0; m < after; m++) {
        let sum = 0
        for (let k = 0; k < size; k++) {
          const place = (i * size + (reverse ? size - 1 - k : k)) * after + m
          if (exclusive) out[place] = sum
          sum += at(x.data, place)
          if (!exclusive) out[place] = sum
        }
      }
    }
    return [tensor(x.dtype, x.shape, out)]
  },
  derivative: {
    kind: 'rule',
    rule({ b, node, cotangent }) {
      const { exclusive = 0 } = node.attributes
      const reverse = flag(node.attributes, 'reverse') ? 0 : 1
      return [() => b.op('CumSum', [cotangent, given(node.inputs, 1)], { exclusive, reverse }), null]
    },
  },
  narrow: 'none',
  flops: ([x]) => elementCount(x?.shape ?? []),
  rows: ([row = null], inputs) => [
    row === wrapAxis(axisOf(inputs), given(inputs, 0).type.shape.length) ? 'coupled' : row,
  ],
  language: [
    {
      name: 'cumsum',
      doc: 'The running sum along an axis: element i is the sum of elements 0 to i; without element i itself where `exclusive`, and from the end where `reverse`.',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'axis', kind: 'int', default: -1 },
        { name: 'exclusive', kind: 'bool', default: false },
        { name: 'reverse', kind: 'bool', default: false },
      ],
      build: (b, args) =>
        b.op('CumSum', [args.tensor('x'), b.scalar(args.int('axis'), 'i64')], {
          exclusive: args.bool('exclusive') ? 1 : 0,
          reverse: args.bool('reverse') ? 1 : 0,
        }),
    },
  ],
  sample(random) {
    const shape = random.shape(1)
    return {
      inputs: [random.tensor(shape), scalar(random.axis(shape.length), 'i64')],
      attributes: { exclusive: random.int(0, 1), reverse: random.int(0, 1) },
    }
  },
}
export default cumSum

const axisOf = (inputs: readonly (Value | null)[]): number => constantInts(given(inputs, 1))[0] ?? 0

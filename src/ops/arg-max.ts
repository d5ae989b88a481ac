import type { Attributes } from '../graph/graph.js'
import { elementCount, tensor } from '../graph/types.js'
import { flag, number } from './_attributes.js'
import { reduceData, reducedRow, reducedType } from './_reduce.js'
import { checkAxis, given, numberTypes, requireTypes, wrapAxis } from './_types.js'
import type { Operator } from './operator.js'

const argMax: Operator = {
  name: 'ArgMax',
  domain: '',
  doc: 'The index (i64) of the largest element along an axis; the first one of equals.',
  attributes: { axis: 0, keepdims: 1, select_last_index: 0 },
  infer(inputs, attributes) {
    const x = given(inputs, 0)
    requireTypes('argmax', numberTypes, x)
    const axis = checkAxis('argmax', number(attributes, 'axis'), x.type)
    return [{ dtype: 'i64', shape: reducedType(x.type, [axis], flag(attributes, 'keepdims')).shape }]
  },
  value(inputs, attributes) {
    const x = given(inputs, 0)
    const found = reduceData(x, [axisOf(attributes, x.shape)], flag(attributes, 'keepdims'), (values) =>
      values.indexOf(values.reduce((a, v) => Math.max(a, v), -Infinity)),
    )
    return [tensor('i64', found.shape, found.data)]
  },
  derivative: { kind: 'zero' },
  flops: ([x]) => elementCount(x?.shape ?? []),
  rows: ([row = null], inputs, _, attributes) => [
    reducedRow(row, [axisOf(attributes, given(inputs, 0).type.shape)], flag(attributes, 'keepdims')),
  ],
  language: [
    {
      name: 'argmax',
      doc: 'The index (i64) of the largest element along an axis; the first one of equals. `keep` leaves the axis with size 1.',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'axis', kind: 'int', default: -1 },
        { name: 'keep', kind: 'bool', default: false },
      ],
      build: (b, args) =>
        b.op('ArgMax', [args.tensor('x')], { axis: args.int('axis'), keepdims: args.bool('keep') ? 1 : 0 }),
    },
  ],
  sample(random) {
    const shape = random.shape(1)
    return {
      inputs: [random.ints(shape, -3, 3, 'f32')],
      attributes: { axis: random.axis(shape.length), keepdims: random.int(0, 1), select_last_index: 0 },
      constant: [0],
    }
  },
}
export default argMax

const axisOf = (attributes: Attributes, shape: readonly number[]): number =>
  wrapAxis(number(attributes, 'axis'), shape.length)

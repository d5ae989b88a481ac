import type { Attributes } from '../graph/graph.js'
import { elementCount, tensor } from '../graph/types.js'
import { flag, number } from './_attributes.js'
import { reduceData, reducedRow, reducedType, requireElements } from './_reduce.js'
import { checkAxis, given, numberTypes, requireTypes, wrapAxis } from './_types.js'
import type { Operator } from './operator.js'

/** The place of the extreme element along an axis; `best` picks it among two. */
function argument(
  name: string,
  call: string,
  which: string,
  best: (x: number, y: number) => number,
  worst: number,
  placeOf: string,
): Operator {
  return {
    name,
    domain: '',
    doc: `The index (i64) of the ${which} element along an axis; of equals the first one, or the last one where select_last_index is 1.`,
    attributes: { axis: 0, keepdims: 1, select_last_index: 0 },
    infer(inputs, attributes) {
      const x = given(inputs, 0)
      requireTypes(call, numberTypes, x)
      const axis = checkAxis(call, number(attributes, 'axis'), x.type)
      requireElements(call, [axis], x.type)
      return [{ dtype: 'i64', shape: reducedType(x.type, [axis], flag(attributes, 'keepdims')).shape }]
    },
    value(inputs, attributes) {
      const x = given(inputs, 0)
      const last = flag(attributes, 'select_last_index')
      const found = reduceData(x, [axisOf(attributes, x.shape)], flag(attributes, 'keepdims'), (values) => {
        const extreme = values.reduce(best, worst)
        return last ? values.lastIndexOf(extreme) : values.indexOf(extreme)
      })
      return [tensor('i64', found.shape, found.data)]
    },
    // exact below 2^53; onnxruntime before 1.19 has no kernel for integers of 64 bits
    exportedAs: { i64: 'f64' },
    derivative: { kind: 'zero' },
    placeOf,
    range: (_, inputs, attributes) => {
      const { shape } = given(inputs, 0).type
      return { low: 0, high: (shape[axisOf(attributes, shape)] ?? 1) - 1 }
    },
    narrow: 'none',
    flops: ([x]) => elementCount(x?.shape ?? []),
    rows: ([row = null], inputs, _, attributes) => [
      reducedRow(row, [axisOf(attributes, given(inputs, 0).type.shape)], flag(attributes, 'keepdims')),
    ],
    language: [
      {
        name: call,
        doc: `The index (i64) of the ${which} element along an axis; the first one of equals. \`keep\` leaves the axis with size 1.`,
        parameters: [
          { name: 'x', kind: 'tensor' },
          { name: 'axis', kind: 'int', default: -1 },
          { name: 'keep', kind: 'bool', default: false },
        ],
        build: (b, args) =>
          b.op(name, [args.tensor('x')], { axis: args.int('axis'), keepdims: args.bool('keep') ? 1 : 0 }),
      },
    ],
    sample(random) {
      const shape = random.shape(1)
      return {
        inputs: [random.ints(shape, -3, 3, 'f32')],
        attributes: {
          axis: random.axis(shape.length),
          keepdims: random.int(0, 1),
          select_last_index: random.int(0, 1),
        },
        constant: [0],
      }
    },
  }
}

export default [
  argument('ArgMax', 'argmax', 'largest', (x, y) => Math.max(x, y), -Infinity, 'ReduceMax'),
  argument('ArgMin', 'argmin', 'smallest', (x, y) => Math.min(x, y), Infinity, 'ReduceMin'),
]

const axisOf = (attributes: Attributes, shape: readonly number[]): number =>
  wrapAxis(number(attributes, 'axis'), shape.length)

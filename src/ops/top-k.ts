import type { Attributes } from '../graph/graph.js'
import { elementCount, formatType, tensor } from '../graph/types.js'
import { flag, number } from './_attributes.js'
import { around, at } from './_index.js'
import { checkAxis, constantInts, given, ints, numberTypes, requireTypes, wrapAxis } from './_types.js'
import { type Operator, TypeMismatch } from './operator.js'

const topK: Operator = {
  name: 'TopK',
  domain: '',
  doc: 'The k largest (or smallest) elements along an axis in order, and their indices (i64); of equals the first ones.',
  attributes: { axis: -1, largest: 1, sorted: 1 },
  infer(inputs, attributes) {
    const x = given(inputs, 0)
    requireTypes('top_k', numberTypes, x)
    const axis = checkAxis('top_k', number(attributes, 'axis'), x.type)
    const [k = 0] = constantInts(given(inputs, 1))
    if (!Number.isInteger(k) || k < 1 || k > (x.type.shape[axis] ?? 1)) {
      throw new TypeMismatch(`top_k cannot take ${k} of axis ${axis} of ${formatType(x.type)}`)
    }
    const shape = x.type.shape.with(axis, k)
    return [
      { dtype: x.type.dtype, shape },
      { dtype: 'i64', shape },
    ]
  },
  value(inputs, attributes) {
    const x = given(inputs, 0)
    const axis = axisOf(attributes, x.shape)
    const [k = 0] = ints(given(inputs, 1))
    const sign = flag(attributes, 'largest') ? -1 : 1
    const [before, size, after] = around(x.shape, axis)
    const shape = x.shape.with(axis, k)
    const [values, indices] = [new Float64Array(elementCount(shape)), new Float64Array(elementCount(shape))]
    for (let i = 0; i < before; i++) {
      for (let m = 0; m < after; m++) {
        const element = (j: number): number => at(x.data, (i * size + j) * after + m)
        const order = Array.from({ length: size }, (_, j) => j).sort(
          (a, c) => sign * (element(a) - element(c)) || a - c,
        )
        for (const [j, from] of order.slice(0, k).entries()) {
          values[(i * k + j) * after + m] = element(from)
          indices[(i * k + j) * after + m] = from
        }
      }
    }
    return [tensor(x.dtype, shape, values), tensor('i64', shape, indices)]
  },
  derivative: {
    kind: 'rule',
    rule({ b, node, inputs, outputs, cotangent }) {
      const x = given(inputs, 0)
      const axis = axisOf(node.attributes, x.type.shape)
      return [
        () =>
          b.op('ScatterElements', [b.zerosLike(x), given(outputs, 1), cotangent], { axis, reduction: 'add' }),
        null,
      ]
    },
  },
  narrow: 'none',
  flops: ([x]) => elementCount(x?.shape ?? []),
  rows: ([row = null], inputs, outputs, attributes) =>
    outputs.map(() => (row === axisOf(attributes, given(inputs, 0).type.shape) ? 'coupled' : row)),
  language: [
    {
      name: 'top_k',
      doc: 'A list of the k largest elements along an axis, in order, and their indices (i64).',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'k', kind: 'int' },
        { name: 'axis', kind: 'int', default: -1 },
      ],
      build: (b, args) =>
        b.node('TopK', [args.tensor('x'), b.ints([args.int('k')])], { axis: args.int('axis') }),
    },
  ],
  sample(random) {
    const shape = random.shape(1)
    const axis = random.axis(shape.length)
    const order = random.permutation(elementCount(shape))
    return {
      inputs: [
        tensor(
          'f32',
          shape,
          order.map((i) => Math.fround(i * 0.05 - 1)),
        ),
        tensor('i64', [1], [random.int(1, shape[wrapAxis(axis, shape.length)] ?? 1)]),
      ],
      attributes: { axis, largest: random.int(0, 1), sorted: 1 },
    }
  },
}
export default topK

const axisOf = (attributes: Attributes, shape: readonly number[]): number =>
  wrapAxis(number(attributes, 'axis'), shape.length)

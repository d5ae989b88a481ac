import type { Builder } from '../graph/builder.js'
import type { Attributes, Value } from '../graph/graph.js'
import { elementCount, tensor } from '../graph/types.js'
import { number } from './_attributes.js'
import { around, at, placesAlong } from './_index.js'
import { allTypes, checkAxis, given, integerTypes, requireTypes, wrapAxis } from './_types.js'
import type { Operator, RowAxis } from './operator.js'
import { indicesWithin, readingBy } from './within.js'

const gather: Operator = {
  name: 'Gather',
  domain: '',
  doc: 'Entries of x along an axis by index: the axis gives place to the axes of the indices. Negative indices count from the end.',
  attributes: { axis: 0 },
  infer(inputs, attributes) {
    const [x, indices] = [given(inputs, 0), given(inputs, 1)]
    requireTypes('take', allTypes, x)
    requireTypes("take's index tensor", integerTypes, indices)
    const axis = checkAxis('take', number(attributes, 'axis'), x.type)
    return [{ dtype: x.type.dtype, shape: x.type.shape.toSpliced(axis, 1, ...indices.type.shape) }]
  },
  value(inputs, attributes) {
    const [x, indices] = [given(inputs, 0), given(inputs, 1)]
    const axis = axisOf(attributes, x.shape)
    const [before, size, after] = around(x.shape, axis)
    const out = new Float64Array(before * indices.data.length * after)
    for (let i = 0; i < before; i++) {
      for (const [j, index] of indices.data.entries()) {
        for (let k = 0; k < after; k++) {
          out[(i * indices.data.length + j) * after + k] = at(
            x.data,
            (i * size + wrapAxis(index, size)) * after + k,
          )
        }
      }
    }
    return [tensor(x.dtype, x.shape.toSpliced(axis, 1, ...indices.shape), out)]
  },
  derivative: {
    kind: 'rule',
    rule({ b, node, inputs, cotangent }) {
      const [x, indices] = [given(inputs, 0), given(inputs, 1)]
      return [
        () => scatterBack(b, cotangent, indices, x.type.shape, axisOf(node.attributes, x.type.shape)),
        null,
      ]
    },
  },
  moves: [0],
  places: placesAlong,
  narrow: 'all',
  flops: () => 0,
  rows: ([ofX = null, ofIndices = null], inputs, _, attributes) => {
    const [x, indices] = [given(inputs, 0).type.shape, given(inputs, 1).type.shape]
    return [gatheredRow(ofX, ofIndices, axisOf(attributes, x), indices.length)]
  },
  language: [
    {
      name: 'take',
      doc: 'Entries of x along an axis by index: take(table, ids) looks up rows; the axis gives place to the axes of the indices.',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'indices', kind: 'tensor' },
        { name: 'axis', kind: 'int', default: 0 },
      ],
      build(b, args) {
        const [x, indices] = [args.tensor('x'), args.tensor('indices')]
        const axis = checkAxis('take', args.int('axis'), x.type)
        const inside = indicesWithin(b, 'take', indices, x.type.shape[axis] ?? 0)
        return readingBy(b, indices, () => b.op('Gather', [x, inside], { axis: args.int('axis') }))
      },
    },
  ],
  sample(random) {
    const shape = random.shape(1)
    const axis = random.axis(shape.length)
    const size = shape[wrapAxis(axis, shape.length)] ?? 1
    return {
      inputs: [random.tensor(shape), random.ints(random.shape(0, 2), -size, size - 1)],
      attributes: { axis },
    }
  },
}
export default gather

const axisOf = (attributes: Attributes, shape: readonly number[]): number =>
  wrapAxis(number(attributes, 'axis'), shape.length)

/** Adds the cotangent's entries into zeros where they were read; the gathered axis goes to the front for ScatterND. */
function scatterBack(b: Builder, g: Value, indices: Value, shape: readonly number[], axis: number): Value {
  const [before, size, after] = around(shape, axis)
  const count = elementCount(indices.type.shape)
  const entries = b.transpose(b.reshape(g, [before, count, after]), [1, 0, 2]) // [count, before, after]
  const zeros = b.expand(b.scalar(0, g.type.dtype), [size, before, after])
  const sum = b.op('ScatterND', [zeros, b.reshape(indices, [count, 1]), entries], { reduction: 'add' })
  return b.reshape(b.transpose(sum, [1, 0, 2]), shape)
}

function gatheredRow(ofX: RowAxis, ofIndices: RowAxis, axis: number, rank: number): RowAxis | 'coupled' {
  if (ofX === null) return ofIndices === null ? null : axis + ofIndices
  if (ofIndices !== null || ofX === axis) return 'coupled'
  return ofX < axis ? ofX : ofX + rank - 1
}

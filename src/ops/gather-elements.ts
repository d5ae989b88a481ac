import type { Builder } from '../graph/builder.js'
import type { Attributes, Value } from '../graph/graph.js'
import { formatType, tensor } from '../graph/types.js'
import { number } from './_attributes.js'
import { tryBroadcast } from './_broadcast.js'
import { elementPlaces } from './_elements.js'
import { pick, placesAlong } from './_index.js'
import { allTypes, checkAxis, given, integerTypes, listTypes, requireTypes, wrapAxis } from './_types.js'
import { type Operator, type RowAxis, TypeMismatch } from './operator.js'
import { indicesWithin, readingBy } from './within.js'

const gatherElements: Operator = {
  name: 'GatherElements',
  domain: '',
  doc: 'y[i, j, k] = x[i, indices[i, j, k], k] for axis 1, and likewise for others: one index per element of the result.',
  attributes: { axis: 0 },
  infer(inputs, attributes) {
    const [x, indices] = [given(inputs, 0), given(inputs, 1)]
    requireTypes('take_along', allTypes, x)
    requireTypes("take_along's index tensor", integerTypes, indices)
    const axis = checkAxis('take_along', number(attributes, 'axis'), x.type)
    const [own, wanted] = [x.type.shape, indices.type.shape]
    if (own.length !== wanted.length || wanted.some((d, i) => i !== axis && d > (own[i] ?? 0))) {
      throw new TypeMismatch(
        `take_along along axis ${axis} wants indices that fit x elsewhere: ${listTypes([x.type, indices.type])} do not`,
      )
    }
    return [{ dtype: x.type.dtype, shape: wanted }]
  },
  value(inputs, attributes) {
    const [x, indices] = [given(inputs, 0), given(inputs, 1)]
    return [
      tensor(
        x.dtype,
        indices.shape,
        pick(x.data, elementPlaces(x.shape, indices, axisOf(attributes, x.shape))),
      ),
    ]
  },
  derivative: {
    kind: 'rule',
    rule({ b, node, inputs, cotangent }) {
      const [x, indices] = [given(inputs, 0), given(inputs, 1)]
      const axis = axisOf(node.attributes, x.type.shape)
      return [
        () => b.op('ScatterElements', [b.zerosLike(x), indices, cotangent], { axis, reduction: 'add' }),
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
    return [elementRow(ofX, ofIndices, x, indices, axisOf(attributes, x))]
  },
  language: [
    {
      name: 'take_along',
      doc: 'One entry of x along an axis per index; x and the indices broadcast over the other axes: take_along(h, eos[:, None, None], axis = 1) picks one token per row.',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'indices', kind: 'tensor' },
        { name: 'axis', kind: 'int' },
      ],
      build: (b, args) => takeAlong(b, args.tensor('x'), args.tensor('indices'), args.int('axis')),
    },
  ],
  sample(random) {
    const shape = random.shape(1)
    const axis = random.axis(shape.length)
    const along = wrapAxis(axis, shape.length)
    const size = shape[along] ?? 1
    const indices = shape.map((d, i) =>
      i === along ? random.int(1, 4) : random.bool(0.7) ? d : random.int(1, d),
    )
    return { inputs: [random.tensor(shape), random.ints(indices, -size, size - 1)], attributes: { axis } }
  },
}
export default gatherElements

const axisOf = (attributes: Attributes, shape: readonly number[]): number =>
  wrapAxis(number(attributes, 'axis'), shape.length)

function elementRow(
  ofX: RowAxis,
  ofIndices: RowAxis,
  x: readonly number[],
  indices: readonly number[],
  axis: number,
): RowAxis | 'coupled' {
  if (ofX === null && ofIndices === null) return null
  if (ofX === null) return ofIndices === axis || x[ofIndices ?? 0] === 1 ? ofIndices : 'coupled'
  const sameRows = x[ofX] === indices[ofX] && ofX !== axis
  return sameRows && (ofIndices === ofX || (ofIndices === null && indices[ofX] === 1)) ? ofX : 'coupled'
}

function takeAlong(b: Builder, x: Value, indices: Value, axis: number): Value {
  const along = checkAxis('take_along', axis, x.type)
  const [own, wanted] = [x.type.shape, indices.type.shape]
  const shape =
    own.length === wanted.length ? tryBroadcast([own.with(along, 1), wanted.with(along, 1)]) : undefined
  if (!shape) {
    throw new TypeMismatch(
      `take_along cannot broadcast the indices ${formatType(indices.type)} against ${formatType(x.type)}`,
      'both have the same number of axes; x[:, None] inserts one',
    )
  }
  const inside = indicesWithin(b, 'take_along', indices, own[along] ?? 0)
  const values = b.expand(x, shape.with(along, own[along] ?? 1))
  const places = b.expand(inside, shape.with(along, wanted[along] ?? 1))
  return readingBy(b, indices, () => b.op('GatherElements', [values, places], { axis: along }))
}

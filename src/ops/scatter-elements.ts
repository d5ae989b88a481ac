import type { Attributes } from '../graph/graph.js'
import { elementCount, tensor } from '../graph/types.js'
import { number, string } from './_attributes.js'
import { elementPlaces } from './_elements.js'
import { at, placesAlong } from './_index.js'
import {
  allTypes,
  checkAxis,
  given,
  integerTypes,
  listTypes,
  requireSameType,
  requireTypes,
  wrapAxis,
} from './_types.js'
import { type Operator, type RowAxis, TypeMismatch } from './operator.js'

const scatterElements: Operator = {
  name: 'ScatterElements',
  domain: '',
  doc: "A copy of x in which updates[i, j] replaces x[indices[i, j], j] (axis 0), or is added to it when reduction is 'add'. Without 'add' no index may occur twice.",
  attributes: { axis: 0, reduction: 'none' },
  choices: { reduction: ['none', 'add'] },
  infer(inputs, attributes) {
    const [x, indices, updates] = [given(inputs, 0), given(inputs, 1), given(inputs, 2)]
    requireTypes('scatter', allTypes, x)
    requireTypes("scatter's index tensor", integerTypes, indices)
    requireSameType('scatter', x, updates)
    checkAxis('scatter', number(attributes, 'axis'), x.type)
    const [wanted, own] = [indices.type.shape, updates.type.shape]
    if (
      wanted.length !== x.type.shape.length ||
      wanted.length !== own.length ||
      wanted.some((d, i) => d !== own[i])
    ) {
      throw new TypeMismatch(
        `scatter wants one index per update: ${listTypes([x.type, indices.type, updates.type])} do not fit`,
      )
    }
    return [x.type]
  },
  places: placesAlong,
  value(inputs, attributes) {
    const [x, indices, updates] = [given(inputs, 0), given(inputs, 1), given(inputs, 2)]
    const out = x.data.slice()
    const add = string(attributes, 'reduction') === 'add'
    for (const [i, place] of elementPlaces(x.shape, indices, axisOf(attributes, x.shape)).entries()) {
      out[place] = at(updates.data, i) + (add ? at(out, place) : 0)
    }
    return [tensor(x.dtype, x.shape, out)]
  },
  derivative: {
    kind: 'rule',
    rule({ b, node, inputs, cotangent }) {
      const [x, indices, updates] = [given(inputs, 0), given(inputs, 1), given(inputs, 2)]
      const axis = axisOf(node.attributes, x.type.shape)
      const add = string(node.attributes, 'reduction') === 'add'
      return [
        () =>
          add
            ? cotangent
            : b.op('ScatterElements', [cotangent, indices, b.zerosLike(updates)], {
                axis,
                reduction: 'none',
              }),
        null,
        () => b.op('GatherElements', [cotangent, indices], { axis }),
      ]
    },
  },
  // The kernel copies the indices.
  memory: { workspace: (_, __, [, indices]) => (indices ? 8 * elementCount(indices.shape) : 0) },
  narrow: 'none',
  flops: (_, [y], attributes) =>
    attributes['reduction'] === 'add' && y ? y.shape.reduce((n, d) => n * d, 1) : 0,
  rows(rows, inputs, _, attributes) {
    const shapes = [0, 1, 2].map((k) => given(inputs, k).type.shape)
    return [scatteredRow(rows, shapes, axisOf(attributes, shapes[0] ?? []))]
  },
  sample(random) {
    const shape = random.shape(1)
    const axis = random.axis(shape.length)
    const along = wrapAxis(axis, shape.length)
    const size = shape[along] ?? 1
    const add = random.bool()
    // Without adding, indices of one line differ: the first entries of one random order.
    const wanted = shape.map((d, i) =>
      i === along ? random.int(1, add ? 4 : d) : random.bool(0.7) ? d : random.int(1, d),
    )
    const order = random.permutation(size)
    const after = wanted.slice(along + 1).reduce((n, d) => n * d, 1)
    const distinct = tensor(
      'i64',
      wanted,
      Array.from(
        { length: wanted.reduce((n, d) => n * d, 1) },
        (_, i) => order[Math.floor(i / after) % (wanted[along] ?? 1)] ?? 0,
      ),
    )
    const indices = add ? random.ints(wanted, -size, size - 1) : distinct
    return {
      inputs: [random.tensor(shape), indices, random.tensor(wanted)],
      attributes: { axis, reduction: add ? 'add' : 'none' },
    }
  },
}
export default scatterElements

const axisOf = (attributes: Attributes, shape: readonly number[]): number =>
  wrapAxis(number(attributes, 'axis'), shape.length)

/** All three inputs have rows along one axis of one size, or none of those that do not is longer than 1 there. */
function scatteredRow(
  rows: readonly RowAxis[],
  shapes: readonly (readonly number[])[],
  axis: number,
): RowAxis | 'coupled' {
  const row = rows.find((r) => r !== null)
  if (row === undefined || row === null) return null
  const size = shapes[0]?.[row]
  const fits = rows.every((r, k) => (r === null ? size === 1 : r === row) && shapes[k]?.[row] === size)
  return fits && row !== axis ? row : 'coupled'
}

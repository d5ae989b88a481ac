import { sameShape, tensor } from '../graph/types.js'
import { string } from './_attributes.js'
import { entryPlaces } from './_elements.js'
import { at, placesByCoordinates } from './_index.js'
import { allTypes, given, listTypes, requireSameType, requireTypes } from './_types.js'
import { type Operator, TypeMismatch } from './operator.js'

const scatterND: Operator = {
  name: 'ScatterND',
  domain: '',
  doc: "A copy of x in which each part that an entry of indices [..., q] names by its first q coordinates is replaced by the update, or has it added when reduction is 'add'. Without 'add' no entry may occur twice.",
  attributes: { reduction: 'none' },
  choices: { reduction: ['none', 'add'] },
  infer(inputs) {
    const [x, indices, updates] = [given(inputs, 0), given(inputs, 1), given(inputs, 2)]
    requireTypes('scatter', allTypes, x)
    requireTypes("scatter's index tensor", ['i64'], indices)
    requireSameType('scatter', x, updates)
    const q = indices.type.shape.at(-1) ?? 0
    const wanted = [...indices.type.shape.slice(0, -1), ...x.type.shape.slice(q)]
    if (q < 1 || q > x.type.shape.length || !sameShape(updates.type.shape, wanted)) {
      throw new TypeMismatch(
        `scatter wants updates of shape [${wanted.join(', ')}]: ${listTypes([x.type, indices.type, updates.type])} do not fit`,
      )
    }
    return [x.type]
  },
  value(inputs, attributes) {
    const [x, indices, updates] = [given(inputs, 0), given(inputs, 1), given(inputs, 2)]
    const out = x.data.slice()
    const add = string(attributes, 'reduction') === 'add'
    const { starts, run } = entryPlaces(x.shape, indices)
    for (const [i, start] of starts.entries()) {
      for (let k = 0; k < run; k++)
        out[start + k] = at(updates.data, i * run + k) + (add ? at(out, start + k) : 0)
    }
    return [tensor(x.dtype, x.shape, out)]
  },
  derivative: {
    kind: 'rule',
    rule({ b, node, inputs, cotangent }) {
      const [indices, updates] = [given(inputs, 1), given(inputs, 2)]
      const add = string(node.attributes, 'reduction') === 'add'
      return [
        () =>
          add
            ? cotangent
            : b.op('ScatterND', [cotangent, indices, b.zerosLike(updates)], { reduction: 'none' }),
        null,
        () => b.op('GatherND', [cotangent, indices]),
      ]
    },
  },
  places: placesByCoordinates,
  narrow: 'none',
  flops: ([, , updates], _, attributes) =>
    attributes['reduction'] === 'add' && updates ? updates.shape.reduce((n, d) => n * d, 1) : 0,
  rows([ofX = null, ofIndices = null, ofUpdates = null], inputs) {
    if (ofX === null && ofIndices === null && ofUpdates === null) return [null]
    // Rows stay apart along an axis that the indices do not address.
    const [x, indices, updates] = [
      given(inputs, 0).type.shape,
      given(inputs, 1).type.shape,
      given(inputs, 2).type.shape,
    ]
    const q = indices.at(-1) ?? 0
    const inX = ofUpdates === null ? null : ofUpdates - (indices.length - 1) + q
    const axis = ofX ?? inX
    if (ofIndices !== null || axis === null || axis < q) return ['coupled']
    const agree =
      (ofX === null ? x[axis] === 1 : ofX === axis) &&
      (inX === null ? updates[axis - q + indices.length - 1] === 1 : inX === axis)
    return [agree ? axis : 'coupled']
  },
  sample(random) {
    const shape = random.shape(1)
    const q = random.int(1, shape.length)
    const add = random.bool()
    const places = shape.slice(0, q).reduce((n, d) => n * d, 1)
    const count = add ? random.int(1, 5) : random.int(1, places)
    const chosen = add
      ? Array.from({ length: count }, () => random.int(0, places - 1))
      : random.permutation(places).slice(0, count)
    const coordinates = chosen.flatMap((place) => {
      const out: number[] = []
      for (let k = q - 1, rest = place; k >= 0; k--) {
        out.unshift(rest % (shape[k] ?? 1))
        rest = Math.floor(rest / (shape[k] ?? 1))
      }
      return out
    })
    return {
      inputs: [
        random.tensor(shape),
        tensor('i64', [count, q], coordinates),
        random.tensor([count, ...shape.slice(q)]),
      ],
      attributes: { reduction: add ? 'add' : 'none' },
    }
  },
}
export default scatterND

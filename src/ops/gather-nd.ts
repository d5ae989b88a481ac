import { tensor } from '../graph/types.js'
import { number } from './_attributes.js'
import { entryPlaces } from './_elements.js'
import { at, placesByCoordinates } from './_index.js'
import { allTypes, given, listTypes, requireTypes } from './_types.js'
import { type Operator, TypeMismatch } from './operator.js'

const gatherND: Operator = {
  name: 'GatherND',
  domain: '',
  doc: 'The parts of x that the entries of indices [..., q] name by their first q coordinates: [..., rest of the shape of x].',
  attributes: { batch_dims: 0 },
  infer(inputs, attributes) {
    const [x, indices] = [given(inputs, 0), given(inputs, 1)]
    if (number(attributes, 'batch_dims') !== 0) throw new TypeMismatch('gather takes no batch_dims but 0')
    requireTypes('gather', allTypes, x)
    requireTypes("gather's index tensor", ['i64'], indices)
    const q = indices.type.shape.at(-1) ?? 0
    if (q < 1 || q > x.type.shape.length) {
      throw new TypeMismatch(`gather cannot address ${q} axes: ${listTypes([x.type, indices.type])}`)
    }
    return [{ dtype: x.type.dtype, shape: [...indices.type.shape.slice(0, -1), ...x.type.shape.slice(q)] }]
  },
  value(inputs) {
    const [x, indices] = [given(inputs, 0), given(inputs, 1)]
    const { starts, run } = entryPlaces(x.shape, indices)
    const out = new Float64Array(starts.length * run)
    for (const [i, start] of starts.entries()) {
      for (let k = 0; k < run; k++) out[i * run + k] = at(x.data, start + k)
    }
    const q = indices.shape.at(-1) ?? 0
    return [tensor(x.dtype, [...indices.shape.slice(0, -1), ...x.shape.slice(q)], out)]
  },
  derivative: {
    kind: 'rule',
    rule({ b, inputs, cotangent }) {
      const [x, indices] = [given(inputs, 0), given(inputs, 1)]
      return [() => b.op('ScatterND', [b.zerosLike(x), indices, cotangent], { reduction: 'add' }), null]
    },
  },
  moves: [0],
  places: placesByCoordinates,
  narrow: 'all',
  flops: () => 0,
  rows([ofX = null, ofIndices = null], inputs) {
    const indices = given(inputs, 1).type.shape
    const q = indices.at(-1) ?? 0
    if (ofX === null) return [ofIndices === indices.length - 1 ? 'coupled' : ofIndices]
    return [ofIndices !== null || ofX < q ? 'coupled' : ofX - q + indices.length - 1]
  },
  sample(random) {
    const shape = random.shape(1)
    const q = random.int(1, shape.length)
    const lead = random.shape(0, 2)
    const entries = lead.reduce((n, d) => n * d, 1)
    const coordinates = Array.from({ length: entries * q }, (_, i) => {
      const size = shape[i % q] ?? 1
      return random.int(-size, size - 1)
    })
    return { inputs: [random.tensor(shape), tensor('i64', [...lead, q], coordinates)], attributes: {} }
  },
}
export default gatherND

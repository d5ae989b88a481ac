import type { Value } from '../../graph/graph.js'
import { formatType, scalar, tensor } from '../../graph/types.js'
import { number } from '../_attributes.js'
import { checkConstantSize, constantInts, given } from '../_types.js'
import { type Composite, TypeMismatch } from '../operator.js'
import { indicesWithin } from '../within.js'

const oneHot: Composite = {
  name: 'OneHot',
  doc: 'For each index a row of `depth` entries (input 1) along a new axis, which hold values[1] at the index and values[0] elsewhere (input 2). Negative indices count from the end; indices outside give no values[1].',
  attributes: { axis: -1 },
  expand(b, inputs, attributes) {
    const [given0, values] = [given(inputs, 0), given(inputs, 2)]
    const [depth = 0] = constantInts(given(inputs, 1))
    if (!Number.isInteger(depth) || depth < 1)
      throw new TypeMismatch(`one_hot wants a depth from 1 on, not ${depth}`)
    checkConstantSize('one_hot', depth)
    const indices = b.cast(given0, 'i64')
    const rank = indices.type.shape.length
    const asked = number(attributes, 'axis')
    const axis = asked < 0 ? asked + rank + 1 : asked
    if (!Number.isInteger(axis) || axis < 0 || axis > rank)
      throw new TypeMismatch(`one_hot of ${formatType(given0.type)} has no new axis ${asked}`)
    const row = Array.from({ length: depth }, (_, i) => i)
    const along = Array.from({ length: rank + 1 }, (_, i) => (i === axis ? depth : 1))
    const wanted = b.reshape(indices, indices.type.shape.toSpliced(axis, 0, 1))
    const matches = (numbers: readonly number[]): Value =>
      b.op('Equal', [wanted, b.constant(tensor('i64', along, numbers))])
    const hit = b.op('Or', [matches(row), matches(row.map((i) => i - depth))])
    const entry = (i: number): Value => b.reshape(b.slice(values, 0, i, i + 1), [])
    return [b.where(hit, entry(1), entry(0))]
  },
  language: [
    {
      name: 'one_hot',
      doc: 'For each index (i64), from 0 to below `depth`, a row of `depth` entries along a new axis: 1 at the index, 0 elsewhere. Source: torch.nn.functional.one_hot.',
      parameters: [
        { name: 'indices', kind: 'tensor' },
        { name: 'depth', kind: 'int' },
        { name: 'axis', kind: 'int', default: -1 },
        { name: 'dtype', kind: 'dtype', default: 'f32' },
      ],
      build(b, args) {
        const indices = indicesWithin(b, 'one_hot', args.tensor('indices'), args.int('depth'))
        const values = b.constant(tensor(args.dtype('dtype'), [2], [0, 1]))
        return b.op('OneHot', [indices, b.scalar(args.int('depth'), 'i64'), values], {
          axis: args.int('axis'),
        })
      },
    },
  ],
  sample(random) {
    const shape = random.shape(0, 3)
    const depth = random.int(1, 5)
    return {
      inputs: [random.ints(shape, -depth, depth), scalar(depth, 'i64'), random.tensor([2])],
      attributes: { axis: random.int(-1, shape.length) },
    }
  },
}
export default oneHot

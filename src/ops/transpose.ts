import { formatType, tensor } from '../graph/types.js'
import { numbers } from './_attributes.js'
import { affineIndex, pick, strides } from './_index.js'
import { given, wrapAxis } from './_types.js'
import { type Operator, TypeMismatch } from './operator.js'

const transpose: Operator = {
  name: 'Transpose',
  domain: '',
  doc: 'The axes in another order: axis i of the result is axis perm[i] of x.',
  withoutDefault: ['perm'],
  infer(inputs, attributes) {
    const { type } = given(inputs, 0)
    const perm = numbers(attributes, 'perm')
    if (perm.length !== type.shape.length || !type.shape.every((_, axis) => perm.includes(axis))) {
      throw new TypeMismatch(
        `transpose wants each axis of ${formatType(type)} once, not [${perm.join(', ')}]`,
        type.shape.length === 0 ? undefined : `its axes are 0 to ${type.shape.length - 1}`,
      )
    }
    return [{ dtype: type.dtype, shape: perm.map((axis) => type.shape[axis] ?? 1) }]
  },
  value(inputs, attributes) {
    const x = given(inputs, 0)
    const perm = numbers(attributes, 'perm')
    const shape = perm.map((axis) => x.shape[axis] ?? 1)
    const own = strides(x.shape)
    return [
      tensor(
        x.dtype,
        shape,
        pick(
          x.data,
          affineIndex(
            shape,
            perm.map((axis) => own[axis] ?? 0),
          ),
        ),
      ),
    ]
  },
  derivative: {
    kind: 'rule',
    rule({ b, node, cotangent }) {
      const perm = numbers(node.attributes, 'perm')
      return [
        () =>
          b.transpose(
            cotangent,
            perm.map((_, axis) => perm.indexOf(axis)),
          ),
      ]
    },
  },
  moves: [0],
  narrow: 'all',
  flops: () => 0,
  rows: ([row = null], _, __, attributes) => [row === null ? null : numbers(attributes, 'perm').indexOf(row)],
  language: [
    {
      name: 'transpose',
      doc: 'The axes in another order: axis i of the result is axis axes[i] of x. Without `axes` the last two change places.',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'axes', kind: 'ints', default: null },
      ],
      build(b, args) {
        const x = args.tensor('x')
        const rank = x.type.shape.length
        if (args.has('axes')) {
          const perm = args.ints('axes').map((axis) => wrapAxis(axis, rank))
          return b.op('Transpose', [x], { perm })
        }
        if (rank < 2)
          throw new TypeMismatch(`transpose wants at least 2 axes, ${formatType(x.type)} has ${rank}`)
        return b.transpose(
          x,
          x.type.shape.map((_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i)),
        )
      },
    },
  ],
  sample(random) {
    const shape = random.shape()
    return { inputs: [random.tensor(shape)], attributes: { perm: random.permutation(shape.length) } }
  },
}
export default transpose

import { formatType, sameShape, tensor } from '../graph/types.js'
import { broadcastRows, expandData, tryBroadcast } from './_broadcast.js'
import { constantInts, given, ints } from './_types.js'
import { type Operator, TypeMismatch } from './operator.js'

const expand: Operator = {
  name: 'Expand',
  domain: '',
  doc: 'x repeated along axes of size 1, and along new leading axes, until it has the wanted shape.',
  infer(inputs) {
    const { type } = given(inputs, 0)
    const wanted = constantInts(given(inputs, 1))
    const shape = tryBroadcast([type.shape, wanted])
    if (!shape || !sameShape(shape, wanted) || wanted.some((d) => !Number.isInteger(d) || d < 0)) {
      throw new TypeMismatch(
        `expand cannot bring ${formatType(type)} to [${wanted.join(', ')}]: only axes of size 1 are repeated`,
      )
    }
    return [{ dtype: type.dtype, shape }]
  },
  value(inputs) {
    const x = given(inputs, 0)
    const shape = ints(given(inputs, 1))
    return [tensor(x.dtype, shape, expandData(x, shape))]
  },
  derivative: { kind: 'rule', rule: ({ cotangent }) => [() => cotangent, null] },
  moves: [0],
  narrow: 'all',
  flops: () => 0,
  rows: ([row = null], inputs, [y]) => [broadcastRows([row], [given(inputs, 0).type.shape], y?.shape ?? [])],
  shapeOperand: 1,
  language: [
    {
      name: 'expand',
      doc: 'x repeated along axes of size 1, and along new leading axes, until it has the shape.',
      parameters: [
        { name: 'x', kind: 'tensor' },
        { name: 'shape', kind: 'ints' },
      ],
      build: (b, args) => b.expand(args.tensor('x'), args.ints('shape')),
    },
  ],
  sample(random) {
    const full = random.shape()
    const thin = full.map((d) => (random.bool() ? 1 : d)).slice(random.int(0, full.length))
    return { inputs: [random.tensor(thin), tensor('i64', [full.length], full)], attributes: {} }
  },
}
export default expand

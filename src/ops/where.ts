import { type TensorType, byteSize, elementCount, tensor } from '../graph/types.js'
import { broadcastRows, broadcastShape, expandData, shapesOf } from './_broadcast.js'
import { alignScalars } from './_elementwise.js'
import { atCaller } from './_caller.js'
import { at } from './_index.js'
import { allTypes, given, requireSameType, requireTypes } from './_types.js'
import { union } from './_range.js'
import type { Operator } from './operator.js'

const where: Operator = {
  name: 'Where',
  domain: '',
  doc: 'x where the condition holds, else y, element by element, with broadcasting of all three.',
  infer(inputs) {
    const [c, x, y] = [given(inputs, 0), given(inputs, 1), given(inputs, 2)]
    requireTypes("where's condition", ['bool'], c)
    requireTypes('where', allTypes, x, y)
    requireSameType('where', x, y)
    return [{ dtype: x.type.dtype, shape: broadcastShape('where', [c.type, x.type, y.type]) }]
  },
  value(inputs) {
    const [c, x, y] = [given(inputs, 0), given(inputs, 1), given(inputs, 2)]
    const shape = broadcastShape('where', [c, x, y])
    const [xs, ys] = [expandData(x, shape), expandData(y, shape)]
    return [
      tensor(
        x.dtype,
        shape,
        expandData(c, shape).map((v, i) => at(v ? xs : ys, i)),
      ),
    ]
  },
  derivative: {
    kind: 'rule',
    rule({ b, inputs, cotangent }) {
      const condition = given(inputs, 0)
      const zero = b.scalar(0, cotangent.type.dtype)
      return [null, () => b.where(condition, cotangent, zero), () => b.where(condition, zero, cotangent)]
    },
  },
  range: ([, x, y]) => union([x, y]),
  narrow: 'all',
  flops: (_, [z]) => elementCount(z?.shape ?? []),
  rows: (rows, inputs, [z]) => [broadcastRows(rows, shapesOf(inputs), z?.shape ?? [])],
  broadcasts: 0,
  memory: {
    // The kernel makes what it takes of x and what it takes of y, each broadcast with the condition, and joins them.
    workspace: ([z], _, [c, x, y]) => {
      const taken = (v: TensorType | null | undefined): number =>
        c && v && z ? byteSize({ dtype: z.dtype, shape: broadcastShape('where', [c, v]) }) : 0
      return taken(x) + taken(y)
    },
  },
  language: [
    {
      name: 'where',
      doc: 'x where the condition holds, else y, element by element, with broadcasting.',
      parameters: [
        { name: 'condition', kind: 'tensor' },
        { name: 'x', kind: 'tensor' },
        { name: 'y', kind: 'tensor' },
      ],
      build: (b, args) =>
        b.where(args.tensor('condition'), ...alignScalars(b, args.tensor('x'), args.tensor('y'))),
    },
    {
      name: 'nan_unless',
      doc: 'x where the condition holds, NaN elsewhere, element by element, with broadcasting: for what a program must not be given. A run that ends by it names the call outside of the library.',
      parameters: [
        { name: 'condition', kind: 'tensor' },
        { name: 'x', kind: 'tensor' },
      ],
      build(b, args) {
        const x = args.tensor('x')
        return atCaller(b, () => b.where(args.tensor('condition'), x, b.scalar(NaN, x.type.dtype)))
      },
    },
  ],
  sample(random) {
    const [a, c] = random.broadcastPair()
    const condition = random.bool(0.3) ? [] : random.pick([a, c])
    return { inputs: [random.bools(condition), random.tensor(a), random.tensor(c)], attributes: {} }
  },
}
export default where

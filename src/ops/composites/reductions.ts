import type { Builder } from '../../graph/builder.js'
import type { Value } from '../../graph/graph.js'
import { elementCount, tensor } from '../../graph/types.js'
import { flag } from '../_attributes.js'
import { axesOf, wrapped } from '../_reduce.js'
import { checkAxes, floatTypes, given, requireTypes } from '../_types.js'
import type { LanguageFunction } from '../language.js'
import type { Composite } from '../operator.js'

/** A reduction written with others; the axes are input 1 (absent: all). */
const reduction = (
  name: string,
  doc: string,
  reduce: (b: Builder, x: Value, axes: readonly number[], keep: boolean) => Value,
  language: readonly LanguageFunction[] = [],
): Composite => ({
  name,
  doc,
  attributes: { keepdims: 1 },
  expand(b, inputs, attributes) {
    const x = given(inputs, 0)
    const word = language[0]?.name ?? name
    requireTypes(word, floatTypes, x)
    checkAxes(word, axesOf(inputs), x.type)
    return [reduce(b, x, wrapped(axesOf(inputs), x.type.shape), flag(attributes, 'keepdims'))]
  },
  language,
  sample(random) {
    const shape = random.shape(0, 4)
    const axes = random.permutation(shape.length).slice(0, random.int(0, shape.length))
    return {
      inputs: [
        random.tensor(shape, { low: 0.2, high: 2 }),
        axes.length === 0 ? null : tensor('i64', [axes.length], axes),
      ],
      attributes: { keepdims: random.int(0, 1) },
    }
  },
})

const squares = (b: Builder, x: Value): Value => b.mul(x, x)

export default [
  reduction('ReduceL1', 'The sum of absolute values over axes.', (b, x, axes, keep) =>
    b.sum(b.op('Abs', [x]), axes, keep),
  ),
  reduction(
    'ReduceL2',
    'The square root of the sum of squares over axes; its slope at 0 is taken as 0.',
    (b, x, axes, keep) => {
      const sum = b.sum(squares(b, x), axes, keep)
      const zero = b.scalar(0, x.type.dtype)
      const none = b.op('Equal', [sum, zero])
      // The root is taken of 1 there, so that no infinite slope meets a zero.
      return b.where(none, zero, b.sqrt(b.where(none, b.scalar(1, x.type.dtype), sum)))
    },
  ),
  reduction('ReduceSumSquare', 'The sum of squares over axes.', (b, x, axes, keep) =>
    b.sum(squares(b, x), axes, keep),
  ),
  reduction('ReduceLogSum', 'The logarithm of the sum over axes.', (b, x, axes, keep) =>
    b.log(b.sum(x, axes, keep)),
  ),
  reduction(
    'ReduceLogSumExp',
    'The logarithm of the sum of exponentials over axes, shifted to about 0 so that nothing overflows.',
    (b, x, axes, keep) => {
      if (axes.length === 0) return x
      if (elementCount(x.type.shape) === 0) return b.log(b.sum(b.exp(x), axes, keep))
      // Any number near the largest element does, and no gradient passes Floor.
      const largest = b.op('Floor', [b.op('ReduceMax', [x, b.ints(axes)], { keepdims: 1 })])
      // An infinite element cannot be subtracted; the rest is right without.
      const infinite = b.op('Equal', [b.op('Abs', [largest]), b.scalar(Infinity, x.type.dtype)])
      const top = b.where(infinite, b.scalar(0, x.type.dtype), largest)
      const sum = b.add(b.log(b.sum(b.exp(b.sub(x, top)), axes, true)), top)
      const left = x.type.shape.filter((_, axis) => !axes.includes(axis))
      return keep ? sum : b.reshape(sum, left)
    },
    [
      {
        name: 'logsumexp',
        doc: 'log(sum(exp(x))) over axes, shifted so that nothing overflows; where all are -inf it is -inf. `axis` is one axis or a list; `keep` leaves them with size 1.',
        parameters: [
          { name: 'x', kind: 'tensor' },
          { name: 'axis', kind: 'ints', default: [-1] },
          { name: 'keep', kind: 'bool', default: false },
        ],
        build: (b, args) =>
          b.op('ReduceLogSumExp', [args.tensor('x'), b.ints(args.ints('axis'))], {
            keepdims: args.bool('keep') ? 1 : 0,
          }),
      },
    ],
  ),
]

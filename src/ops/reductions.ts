import type { Builder } from '../graph/builder.js'
import type { Value } from '../graph/graph.js'
import { type Tensor, tensor } from '../graph/types.js'
import { type Reduction, reduction } from './_reduce.js'
import { checkConstantSize, numberTypes } from './_types.js'
import type { SampleRandom } from './sample.js'

const sum = (values: Float64Array): number => values.reduce((a, v) => a + v, 0)

/** Ties share the cotangent equally, as in torch.amax. */
function toWinners(b: Builder, { x, y, g, axes }: Parameters<Reduction['cotangent']>[1]): Value {
  const wins = b.op('Equal', [x, y])
  const share = b.div(g, b.sum(b.cast(wins, g.type.dtype), axes, true))
  return b.where(wins, share, b.scalar(0, g.type.dtype))
}

/**
 * Each element's cotangent is the product of all others, as a product over a matrix whose diagonal is 1: exact also where
 * elements are 0, for n numbers at a time n n multiplications.
 */
function ofOthers(b: Builder, { x, g, axes, count }: Parameters<Reduction['cotangent']>[1]): Value {
  const { shape, dtype } = x.type
  const kept = shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]))
  const perm = [...kept, ...axes]
  const outer = kept.map((axis) => shape[axis] ?? 1)
  const lines = b.reshape(b.transpose(x, perm), [...outer, 1, count])
  checkConstantSize('the gradient of prod', count * count)
  const diagonal = Array.from({ length: count * count }, (_, k) =>
    Number(k % count === Math.floor(k / count)),
  )
  const own = b.constant(tensor('bool', [count, count], diagonal))
  const others = b.op('ReduceProd', [b.where(own, b.scalar(1, dtype), lines), b.ints([outer.length + 1])], {
    keepdims: 0,
  })
  const back = shape.map((_, axis) => perm.indexOf(axis))
  const ordered = b.reshape(
    others,
    perm.map((axis) => shape[axis] ?? 1),
  )
  return b.mul(g, b.transpose(ordered, back))
}

/** Distinct values, no two closer than 0.03, so that no sample lies at a kink. */
function distinct(random: SampleRandom, shape: readonly number[]): Tensor {
  const order = random.permutation(shape.reduce((n, d) => n * d, 1))
  return tensor(
    'f32',
    shape,
    order.map((i) => Math.fround(i * 0.05 - 1 + 0.02 * random.uniform())),
  )
}

export default [
  reduction({
    name: 'ReduceSum',
    word: 'sum',
    doc: 'The sum over axes.',
    accepts: numberTypes,
    reduces: 'sum',
    f: sum,
    cotangent: (b, { x, g }) => b.expand(g, x.type.shape),
  }),
  reduction({
    name: 'ReduceMean',
    word: 'mean',
    doc: 'The mean over axes.',
    reduces: 'mean',
    f: (values) => sum(values) / values.length,
    cotangent: (b, { x, g, count }) => b.expand(b.scale(g, 1 / count), x.type.shape),
  }),
  reduction({
    name: 'ReduceProd',
    word: 'prod',
    doc: 'The product over axes.',
    accepts: numberTypes,
    f: (values) => values.reduce((a, v) => a * v, 1),
    cotangent: ofOthers,
    // Some zeros: the product of the others is what counts there.
    sample: (random, shape) => {
      const x = random.tensor(shape, { low: 0.6, high: 1.4 })
      return { ...x, data: x.data.map((v) => (random.bool(0.05) ? 0 : random.bool() ? v : -v)) }
    },
  }),
  reduction({
    name: 'ReduceMax',
    word: 'max',
    doc: 'The largest element over axes.',
    accepts: numberTypes,
    reduces: 'one',
    f: (values) => values.reduce((a, v) => Math.max(a, v), -Infinity),
    cotangent: toWinners,
    sample: distinct,
  }),
  reduction({
    name: 'ReduceMin',
    word: 'min',
    doc: 'The smallest element over axes.',
    accepts: numberTypes,
    reduces: 'one',
    f: (values) => values.reduce((a, v) => Math.min(a, v), Infinity),
    cotangent: toWinners,
    sample: distinct,
  }),
]

import type { Value } from '../../graph/graph.js'
import { elementCount } from '../../graph/types.js'
import { unsupported } from '../problem.js'
import { isTraining } from '../reads.js'
import type { Rewrite } from './rewrite.js'

/** Normalizations that no operator of ours has. */
export const normalizations: Readonly<Record<string, Rewrite>> = {
  /**
   * By the statistics of each channel that the file holds; in training mode by those of the batch, which also move the
   * running ones. Before opset 14 the last two of five outputs are the batch's statistics.
   */
  BatchNormalization: (c) => {
    if (c.int('spatial', 1) === 0)
      return unsupported('its statistics are of each element, not of each channel')
    const { b } = c
    const x = c.input(0)
    const { shape, dtype } = x.type
    const along = (v: Value): Value =>
      b.reshape(v, [elementCount(v.type.shape), ...shape.slice(2).map(() => 1)])
    const by = (mean: Value, variance: Value): Value => {
      const deviation = b.sqrt(b.add(variance, b.scalar(c.int('epsilon', 1e-5), dtype)))
      return b.add(b.mul(b.div(b.sub(x, mean), deviation), along(c.input(1))), along(c.input(2)))
    }
    if (!isTraining(c.node)) return [by(along(c.input(3)), along(c.input(4)))]
    const axes = shape.map((_, axis) => axis).filter((axis) => axis !== 1)
    const mean = b.mean(x, axes, true)
    const centred = b.sub(x, mean)
    const variance = b.mean(b.mul(centred, centred), axes, true)
    const momentum = c.int('momentum', 0.9)
    const statistics = [mean, variance].map((v) => b.reshape(v, [shape[1] ?? 1]))
    const moved = statistics.map((v, k) => b.add(b.scale(c.input(3 + k), momentum), b.scale(v, 1 - momentum)))
    return [by(mean, variance), ...moved, ...statistics]
  },

  /** x / (bias + alpha / size * sum of squares of the neighbouring channels) ^ beta. */
  LRN: (c) => {
    const { b } = c
    const x = c.input(0)
    const { shape, dtype } = x.type
    const size = c.int('size', 1)
    const before = Math.floor((size - 1) / 2)
    const pads = shape.map((_, axis) => (axis === 1 ? before : 0))
    const ends = shape.map((_, axis) => (axis === 1 ? size - 1 - before : 0))
    const squares = b.op('Pad', [b.mul(x, x), b.ints([...pads, ...ends])], { mode: 'constant' })
    const channels = shape[1] ?? 1
    const shifted = Array.from({ length: size }, (_, k) => b.slice(squares, 1, k, k + channels))
    const sum = shifted.reduce((s, v) => b.add(s, v))
    const base = b.add(b.scale(sum, c.int('alpha', 1e-4) / size), b.scalar(c.int('bias', 1), dtype))
    return [b.div(x, b.op('Pow', [base, b.scalar(c.int('beta', 0.75), dtype)]))]
  },

  /** x by its norm along an axis; zeros stay zeros, and have no slope. */
  LpNormalization: (c) => {
    const { b } = c
    const x = c.input(0)
    const axes = [c.axis(c.int('axis', -1), x.type.shape.length)]
    const p = c.int('p', 2)
    if (p !== 1 && p !== 2) return unsupported(`the norm of order ${p}`)
    const sum = b.sum(p === 1 ? b.op('Abs', [x]) : b.mul(x, x), axes, true)
    const isZero = b.op('Equal', [sum, b.scalar(0, x.type.dtype)])
    const safe = b.where(isZero, b.scalar(1, x.type.dtype), sum)
    return [b.div(x, p === 1 ? safe : b.sqrt(safe))]
  },

  /** Mean 0 and variance 1 along axes. */
  MeanVarianceNormalization: (c) => {
    const { b } = c
    const x = c.input(0)
    const axes = (c.ints('axes') ?? [0, 2, 3]).map((a) => c.axis(a, x.type.shape.length))
    const centred = b.sub(x, b.mean(x, axes, true))
    const deviation = b.sqrt(b.mean(b.mul(centred, centred), axes, true))
    return [b.div(centred, b.add(deviation, b.scalar(1e-9, x.type.dtype)))]
  },
}

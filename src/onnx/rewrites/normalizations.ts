import { unsupported } from '../problem.js'
import type { Rewrite } from './rewrite.js'

/** Normalizations that no operator of ours has. */
export const normalizations: Readonly<Record<string, Rewrite>> = {
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

import { Builder } from '../../src/graph/builder.js'
import type { Graph, Output, Value } from '../../src/graph/graph.js'

/**
 * One SGD step on a tanh MLP with residuals, its backward pass written out by hand in the usual order: dW and the
 * update of each layer going backward.
 */
export function mlpStep({ layers, batch, width }: { layers: number; batch: number; width: number }): Graph {
  const b = new Builder()
  const weights = Array.from({ length: layers }, (_, l) =>
    b.input(`w${l}`, { dtype: 'f32', shape: [width, width] }),
  )
  const x = b.input('x', { dtype: 'f32', shape: [batch, width] })

  const hidden: Value[] = [x]
  const activated: Value[] = []
  let h = x
  for (const w of weights) {
    const a = b.op('Tanh', [b.matmul(h, w)])
    activated.push(a)
    h = b.add(h, a)
    hidden.push(h)
  }
  // loss = sum of h^2 / 2, so its gradient is h.
  let dh = h
  const updated: Output[] = []
  for (let l = layers - 1; l >= 0; l--) {
    const [a, below, w] = [activated[l], hidden[l], weights[l]]
    if (!a || !below || !w) throw new Error('unreachable')
    const factor = b.sub(b.scalar(1), b.mul(a, a))
    const dz = b.mul(dh, factor)
    const dw = b.matmul(b.transpose(below, [1, 0]), dz)
    updated.push({ name: `w${l}.next`, value: b.sub(w, b.mul(dw, b.scalar(0.01))) })
    if (l > 0) dh = b.add(dh, b.matmul(dz, b.transpose(w, [1, 0])))
  }
  const loss = b.sum(b.mul(h, h), [0, 1])
  return b.finish('mlp', [{ name: 'loss', value: loss }, ...updated])
}

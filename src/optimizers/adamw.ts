import type { Optimizer } from './optimizer.js'
import { number, pair } from './settings.js'

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101, algorithm 2, as torch.optim.AdamW
 * computes it):
 *   p *= 1 - lr * wd;  m = b1 * m + (1 - b1) * g;  v = b2 * v + (1 - b2) * g^2
 *   p -= lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + eps)
 * What depends on t comes from the host in float64, with c = sqrt(1 - b2^t) multiplied through the fraction:
 *   p -= step_size * m / (sqrt(v) + eps),  step_size = lr * c / (1 - b1^t),  eps = eps * c
 */
const adamw: Optimizer = {
  name: 'adamw',
  doc: 'Adam with decoupled weight decay, as in torch.optim.AdamW.',
  parameters: [
    { name: 'lr', kind: 'float', doc: 'The learning rate.' },
    {
      name: 'betas',
      kind: 'pair',
      default: [0.9, 0.999],
      doc: 'Decay of the running mean of gradients and of their squares.',
    },
    { name: 'eps', kind: 'float', default: 1e-8, doc: 'Added to the root of the mean square.' },
    {
      name: 'weight_decay',
      kind: 'float',
      default: 0.01,
      doc: 'Each step shrinks the parameter by lr times this.',
    },
  ],
  slots: () => ['m', 'v'],
  hyper(settings, step, lr) {
    const [b1, b2] = pair(settings, 'betas')
    const correction = Math.sqrt(1 - b2 ** step)
    return {
      keep: 1 - lr * number(settings, 'weight_decay'),
      step_size: (lr * correction) / (1 - b1 ** step),
      eps: number(settings, 'eps') * correction,
    }
  },
  update(b, { parameter, gradient, slots, hyper, settings }) {
    const [b1, b2] = pair(settings, 'betas')
    const { m, v } = slots
    const { keep, step_size: stepSize, eps } = hyper
    if (!m || !v || !keep || !stepSize || !eps) throw new Error('adamw: a slot or an input is missing')
    const mean = b.add(b.scale(m, b1), b.scale(gradient, 1 - b1))
    const square = b.add(b.scale(v, b2), b.scale(b.mul(gradient, gradient), 1 - b2))
    const change = b.mul(b.div(mean, b.add(b.sqrt(square), eps)), stepSize)
    const kept = number(settings, 'weight_decay') === 0 ? parameter : b.mul(parameter, keep)
    return { parameter: b.sub(kept, change), slots: { m: mean, v: square } }
  },
}
export default adamw

import type { Optimizer } from './optimizer.js'
import { number } from './settings.js'

/**
 * Stochastic gradient descent as in torch.optim.SGD (no dampening, no Nesterov): with g' = g + weight_decay * p and
 * buf = momentum * buf + g', p -= lr * buf.
 */
const sgd: Optimizer = {
  name: 'sgd',
  doc: 'Stochastic gradient descent with optional momentum and (coupled) weight decay, as in torch.optim.SGD.',
  parameters: [
    { name: 'lr', kind: 'float', doc: 'The learning rate.' },
    {
      name: 'momentum',
      kind: 'float',
      default: 0,
      doc: 'The weight of earlier gradients in the running sum.',
    },
    {
      name: 'weight_decay',
      kind: 'float',
      default: 0,
      doc: 'This times the parameter is added to its gradient.',
    },
  ],
  slots: (settings) => (number(settings, 'momentum') === 0 ? [] : ['momentum']),
  hyper: (_settings, _step, lr) => ({ lr }),
  update(b, { parameter, gradient, slots, hyper, settings }) {
    const decay = number(settings, 'weight_decay')
    const decayed = decay === 0 ? gradient : b.add(gradient, b.scale(parameter, decay))
    const { momentum } = slots
    const { lr } = hyper
    if (!lr) throw new Error('sgd: the input lr is missing')
    const buffer = momentum ? b.add(b.scale(momentum, number(settings, 'momentum')), decayed) : decayed
    return { parameter: b.sub(parameter, b.mul(buffer, lr)), slots: momentum ? { momentum: buffer } : {} }
  },
}
export default sgd

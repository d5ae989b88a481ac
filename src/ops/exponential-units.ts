import { number } from './_attributes.js'
import { unary } from './_elementwise.js'

/** Units that are linear above 0 and exponential below. Their slope below 0 follows from the value itself. */
export default [
  unary({
    name: 'Elu',
    word: 'elu',
    doc: 'x above 0, alpha (exp(x) - 1) below, element by element. Source: Clevert et al. 2015.',
    settings: { alpha: 1 },
    inPlace: true,
    f: (x, attributes) => (x > 0 ? x : number(attributes, 'alpha') * Math.expm1(x)),
    derivative({ b, node, cotangent }, x, y) {
      const { dtype } = x.type
      const below = b.add(y, b.scalar(number(node.attributes, 'alpha'), dtype))
      const slope = b.where(b.op('Greater', [x, b.scalar(0, dtype)]), b.scalar(1, dtype), below)
      return b.mul(cotangent, slope)
    },
    sample: { apart: 0.05 },
  }),
  unary({
    name: 'Selu',
    word: 'selu',
    doc: 'gamma x above 0, gamma alpha (exp(x) - 1) below, element by element; the defaults keep mean 0 and variance 1. Source: Klambauer et al. 2017.',
    settings: { alpha: 1.6732631921768188, gamma: 1.0507010221481323 },
    inPlace: true,
    f: (x, attributes) =>
      number(attributes, 'gamma') * (x > 0 ? x : number(attributes, 'alpha') * Math.expm1(x)),
    derivative({ b, node, cotangent }, x, y) {
      const { dtype } = x.type
      const [alpha, gamma] = [number(node.attributes, 'alpha'), number(node.attributes, 'gamma')]
      const below = b.add(y, b.scalar(alpha * gamma, dtype))
      const slope = b.where(b.op('Greater', [x, b.scalar(0, dtype)]), b.scalar(gamma, dtype), below)
      return b.mul(cotangent, slope)
    },
    sample: { apart: 0.05 },
  }),
  unary({
    name: 'Celu',
    word: 'celu',
    doc: 'x above 0, alpha (exp(x / alpha) - 1) below, element by element. Source: Barron 2017.',
    settings: { alpha: 1 },
    inPlace: true,
    f: (x, attributes) => {
      const alpha = number(attributes, 'alpha')
      return x > 0 ? x : alpha * Math.expm1(x / alpha)
    },
    derivative({ b, node, cotangent }, x, y) {
      const { dtype } = x.type
      const below = b.add(b.scale(y, 1 / number(node.attributes, 'alpha')), b.scalar(1, dtype))
      const slope = b.where(b.op('Greater', [x, b.scalar(0, dtype)]), b.scalar(1, dtype), below)
      return b.mul(cotangent, slope)
    },
    sample: { apart: 0.05 },
  }),
]

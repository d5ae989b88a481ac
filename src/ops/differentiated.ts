import { scalar } from '../graph/types.js'
import { given } from './_types.js'
import type { Operator } from './operator.js'

const differentiated: Operator = {
  name: 'Differentiated',
  domain: 'dcrc',
  doc: 'Input 0, a scalar that was computed together with its gradient: the other inputs are values x1, ..., xm, then the gradients with respect to them. Gradients that arrive here flow on to them alone.',
  infer(inputs) {
    const { type } = given(inputs, 0)
    if (inputs.length % 2 === 0 || type.shape.length > 0)
      throw new Error('Differentiated: the inputs do not fit')
    return [type]
  },
  value: (inputs) => [given(inputs, 0)],
  derivative: {
    kind: 'rule',
    rule({ b, inputs, cotangent }) {
      const count = (inputs.length - 1) / 2
      const flow = (k: number) => () => b.mul(cotangent, given(inputs, 1 + count + k))
      return inputs.map((_, k) => (k >= 1 && k <= count ? flow(k - 1) : null))
    },
  },
  narrow: 'none',
  flops: () => 0,
  rows: (rows, _, outputs) => outputs.map(() => (rows.every((row) => row === null) ? null : 'coupled')),
  marker: true,
  sample(random) {
    const x = random.tensor(random.shape())
    return { inputs: [scalar(1), x, random.tensor(x.shape)], attributes: {}, constant: [0, 1, 2] }
  },
}
export default differentiated

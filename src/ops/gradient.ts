import { formatType, scalar } from '../graph/types.js'
import { given, isFloatValue } from './_types.js'
import { type Operator, TypeMismatch } from './operator.js'

const gradient: Operator = {
  name: 'Gradient',
  domain: 'dcrc',
  attributes: { partial: 0 },
  doc: 'The gradients of a scalar (input 0) with respect to the other inputs, typed like them. With `partial` = 1 some of them may have no part in the scalar, and zeros for gradients. Phase 5 puts the nodes that compute them in its place.',
  infer(inputs) {
    const loss = given(inputs, 0)
    if (loss.type.shape.length !== 0 || !isFloatValue(loss)) {
      throw new TypeMismatch(
        `grad wants a float scalar to differentiate, not ${formatType(loss.type)}`,
        'mean(x) or sum(x) makes a scalar',
      )
    }
    const others = inputs.slice(1).map((_, k) => given(inputs, k + 1))
    for (const x of others) {
      if (!isFloatValue(x))
        throw new TypeMismatch(`grad wants a float tensor to differentiate by, not ${formatType(x.type)}`)
    }
    return others.map((x) => x.type)
  },
  value() {
    throw new Error('Gradient must be expanded before it has a value')
  },
  derivative: { kind: 'none', reason: 'a gradient of a gradient is taken by expanding the inner one first' },
  narrow: 'none',
  flops: () => 0,
  rows: (rows, _, outputs) => outputs.map(() => (rows.every((row) => row === null) ? null : 'coupled')),
  sample: (random) => ({ inputs: [scalar(1), random.tensor(random.shape())], attributes: {} }),
}
export default gradient

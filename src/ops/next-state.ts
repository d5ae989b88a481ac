import { given } from './_types.js'
import type { Operator } from './operator.js'

const nextState: Operator = {
  name: 'NextState',
  domain: 'dcrc',
  attributes: { model: '', path: '', call: 0, order: 0 },
  doc: 'Input 0 itself, the result of a call; whoever needs it has the call give a state its next value, input 1.',
  infer: (inputs) => [given(inputs, 0).type],
  value: (inputs) => [given(inputs, 0)],
  derivative: { kind: 'rule', rule: ({ cotangent }) => [() => cotangent, null] },
  narrow: 'none',
  flops: () => 0,
  rows: ([row]) => [row ?? null],
  ofState: true,
  sample(random) {
    const inputs = [random.tensor(random.shape()), random.tensor(random.shape())]
    return { inputs, attributes: {}, constant: [1] }
  },
}
export default nextState

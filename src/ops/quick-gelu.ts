import { elementCount, tensor } from '../graph/types.js'
import { number } from './_attributes.js'
import { floatTypes, given, requireTypes } from './_types.js'
import type { LanguageFunction } from './language.js'
import type { Operator } from './operator.js'

const quickGelu: Operator = {
  name: 'QuickGelu',
  domain: 'com.microsoft',
  doc: "x * sigmoid(alpha * x), element by element: SiLU for alpha = 1, OpenAI's approximation of GELU for 1.702.",
  attributes: { alpha: 1.702 },
  infer(inputs) {
    requireTypes('silu', floatTypes, given(inputs, 0))
    return [given(inputs, 0).type]
  },
  value(inputs, attributes) {
    const x = given(inputs, 0)
    const alpha = number(attributes, 'alpha')
    return [
      tensor(
        x.dtype,
        x.shape,
        x.data.map((v) => v / (1 + Math.exp(-alpha * v))),
      ),
    ]
  },
  derivative: {
    kind: 'rule',
    // With s = sigmoid(alpha x): s + alpha x s (1 - s) = s + alpha y (1 - s).
    rule({ b, node, inputs, outputs, cotangent }) {
      const alpha = number(node.attributes, 'alpha')
      return [
        () => {
          const s = b.op('Sigmoid', [b.scale(given(inputs, 0), alpha)])
          const y = b.scale(given(outputs, 0), alpha)
          return b.mul(cotangent, b.add(s, b.sub(y, b.mul(y, s))))
        },
      ]
    },
  },
  narrow: 'all',
  flops: (_, [y]) => 5 * elementCount(y?.shape ?? []),
  rows: ([row = null]) => [row],
  broadcasts: 0,
  language: [
    call('silu', 1, 'x * sigmoid(x), element by element. Source: Elfwing et al. 2018.'),
    call('quick_gelu', 1.702, "x * sigmoid(1.702 x), element by element: OpenAI's approximation of gelu."),
  ],
  sample: (random) => ({
    inputs: [random.tensor(random.shape(), { low: -3, high: 3 })],
    attributes: { alpha: random.pick([1, 1.702]) },
  }),
}
export default quickGelu

function call(name: string, alpha: number, doc: string): LanguageFunction {
  return {
    name,
    doc,
    parameters: [{ name: 'x', kind: 'tensor' }],
    build: (b, args) => b.op('QuickGelu', [args.tensor('x')], { alpha }),
  }
}

import type { Builder } from '../../graph/builder.js'
import { type Value, producer } from '../../graph/graph.js'
import { sameShape } from '../../graph/types.js'
import { localPass } from './pass.js'
import { given, madeBy, uniform } from './simplify/rule.js'

/**
 * x * sigmoid(a x) as one operator. Before differentiation, so that the backward pass uses that operator's rule,
 * which needs fewer passes over memory than those of its parts.
 */
export const fuseActivations = localPass(
  {
    name: 'fuse-activations',
    doc: 'x * sigmoid(a x) (SiLU, the quick form of GELU) becomes one operator.',
    requires: [],
  },
  (findings) => ({
    node(node, inputs, { b }) {
      const value = node.op === 'Mul' ? fuse(b, inputs) : undefined
      if (!value) return undefined
      findings.changed++
      return [value]
    },
  }),
)

function fuse(b: Builder, inputs: readonly (Value | null)[]): Value | undefined {
  for (const k of [0, 1]) {
    const [x, gate] = [given(inputs, k), producer(given(inputs, 1 - k))]
    if (gate?.op !== 'Sigmoid') continue
    const alpha = factorOf(given(gate.inputs, 0), x)
    if (alpha !== undefined) return b.op('QuickGelu', [x], { alpha })
  }
  return undefined
}

/** a, if `value` is a x. */
function factorOf(value: Value, x: Value): number | undefined {
  if (value === x) return 1
  const product = madeBy(value, 'Mul')
  if (!product || !sameShape(value.type.shape, x.type.shape)) return undefined
  const [left, right] = [given(product.inputs, 0), given(product.inputs, 1)]
  return left === x ? uniform(right) : right === x ? uniform(left) : undefined
}

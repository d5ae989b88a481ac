import type { Builder } from '../../../graph/builder.js'
import { type Graph, type Node, type Value } from '../../../graph/graph.js'
import { readOnce, rewrite, visitNodes } from '../../../graph/rewrite.js'
import { isFloat } from '../../../graph/types.js'
import { operator } from '../../../ops/registry.js'
import type { Pass, Refusal } from '../pass.js'
import { madeBy } from '../simplify/rule.js'
import { carries, follow } from './rules.js'
import { type Shifted, shiftedSum, total } from './shifted.js'

/**
 * Attention to a condition that is one vector p per picture, added to every token of a constant text u. Keys
 * W_k (u + p) shift all logits of a query by the same number, which cancels from its softmax; values W_v (u + p) pass
 * W_v p through, because the weights of a softmax sum to one:
 *   attention(q, W_k (u + p), W_v (u + p)) = attention(q, W_k u, W_v u) + W_v p
 * So keys and values of the text are constants, and no gradient reaches W_k. It runs before differentiation, and
 * before repetitions are pushed: what has lost its part of p is then computed once for all pictures.
 */
export const cancelShifts: Pass = {
  name: 'cancel-shifts',
  doc: 'A vector that is added to all tokens of a constant sequence is carried through linear operators by itself; it cancels from the softmax over the tokens and passes through their weighted mean.',
  requires: [],
  run(graph) {
    const refusals: Refusal[] = []
    const cancelled = new Set<Node>()
    const varying = dataDependent(graph)
    const own = new Set(graph.nodes)
    const once = readOnce(graph)
    /** Of values of the old graph. */
    const sums = new Map<Value, Shifted>()
    /** Values that would be such sums, were not the smaller part as large as the constant one. */
    const near = new Set<Value>()

    const rewritten = rewrite(graph, {
      node(node, inputs, copier) {
        const { b } = copier
        const [out] = node.outputs
        if (!out || !own.has(node) || node.bodies.length > 0) return undefined
        for (let k = 0; k < node.inputs.length; k++) {
          const operand = node.inputs[k]
          const sum = operand && sums.get(operand)
          if (!sum) continue
          const others = node.inputs.filter((v, i) => i !== k && v !== null)
          const othersFixed = others.every((v) => v && !varying.has(v))
          // What several nodes read is kept apart only while that costs nothing per row of a batch.
          if (!(sum.fixed && (othersFixed || node.op === 'MatMul')) && !once(operand)) {
            if (sum.fixed) refusals.push({ node, reason: `${node.op} brings in data of each token` })
            continue
          }
          const outcome = follow({ b, node, inputs, k, sum, othersFixed })
          if (typeof outcome === 'string') {
            if (sum.fixed) refusals.push({ node, reason: outcome })
            continue
          }
          if ('cancelled' in outcome) {
            cancelled.add(node)
            return [outcome.cancelled]
          }
          sums.set(out, outcome)
          return [total(b, outcome, out.type.shape)]
        }
        const born = node.op === 'Add' ? birth(b, node, inputs, varying) : undefined
        if (born === 'near' || (carries(node) && node.inputs.some((v) => v && near.has(v)))) near.add(out)
        else if (born) sums.set(out, born)
        else if (
          node.op === 'MatMul' &&
          node.inputs[1] &&
          near.has(node.inputs[1]) &&
          madeBy(inputs[0], 'Softmax')
        )
          refusals.push({ node, reason: 'what is added to its constant tokens differs from token to token' })
        return undefined
      },
    })
    if (cancelled.size === 0) return { graph, changed: 0, refusals }
    return { graph: rewritten, changed: cancelled.size, refusals }
  },
}

/** The sum of something constant with something smaller that depends on data; `near` if it is not smaller. */
function birth(
  b: Builder,
  { inputs: old, outputs: [out] }: Node,
  inputs: readonly (Value | null)[],
  varying: ReadonlySet<Value>,
): Shifted | 'near' | undefined {
  if (!out || !isFloat(out.type.dtype)) return undefined
  for (const k of [0, 1]) {
    const [fixed, shift] = [inputs[k], inputs[1 - k]]
    const [wasFixed, wasShift] = [old[k], old[1 - k]]
    if (!fixed || !shift || !wasFixed || !wasShift || varying.has(wasFixed) || !varying.has(wasShift))
      continue
    const { shape } = fixed.type
    const tokens = (shape.at(-1) ?? 1) > 1 && shape.slice(0, -1).some((d) => d > 1)
    return shiftedSum(b, fixed, shift, out.type.shape) ?? (tokens ? 'near' : undefined)
  }
  return undefined
}

/** Every value that is computed from an input of the graph or of a body. */
function dataDependent(graph: Graph): ReadonlySet<Value> {
  const varying = new Set<Value>()
  const varies = (value: Value | null): boolean =>
    value !== null && (value.source.kind === 'input' || varying.has(value))
  visitNodes(graph, ({ op, inputs, outputs, bodies }) => {
    if (inputs.some(varies) || bodies.length > 0 || operator(op).domain === 'dcrc')
      outputs.forEach((output) => varying.add(output))
    inputs.forEach((input) => input?.source.kind === 'input' && varying.add(input))
  })
  return varying
}

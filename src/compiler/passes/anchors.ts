import type { Graph, Value } from '../../graph/graph.js'
import { findNodes, rewrite } from '../../graph/rewrite.js'

/**
 * Puts an Anchor behind every value with respect to which a Gradient node asks for the gradient. A rewrite that
 * looked through such a value would leave it off the path to the loss; no pass looks through an Anchor. They go when the
 * last derivative is taken.
 */
export function anchorTargets(graph: Graph): Graph {
  const targets = new Set<Value | null>()
  for (const { inputs } of findNodes(graph, ({ op }) => op === 'Gradient'))
    for (const v of inputs) targets.add(v)
  if (targets.size === 0) return graph
  return rewrite(graph, {
    node(node, inputs, { b }) {
      if (!node.outputs.some((v) => targets.has(v))) return undefined
      const copies = b.copy(node, inputs)
      return node.outputs.map((v, k) => {
        const copy = copies[k] ?? null
        return copy && targets.has(v) ? b.op('Anchor', [copy]) : copy
      })
    },
  })
}

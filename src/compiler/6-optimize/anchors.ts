import type { Graph, Value } from '../../graph/graph.js'
import { nodesOf, rewrite } from '../../graph/rewrite.js'

/**
 * Puts an Anchor behind every value with respect to which a Gradient node asks for the gradient. A rewrite that
 * looked through such a value would leave it off the path to the loss; no pass looks through an Anchor.
 */
export function anchorTargets(graph: Graph): Graph {
  const targets = new Set<Value | null>()
  for (const node of nodesOf(graph)) if (node.op === 'Gradient') for (const v of node.inputs) targets.add(v)
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

/** Takes the anchors out again, once no derivative is left to take. */
export function dropAnchors(graph: Graph): Graph {
  if ([...nodesOf(graph)].every((n) => n.op !== 'Anchor')) return graph
  return rewrite(graph, { node: (node, inputs) => (node.op === 'Anchor' ? inputs : undefined) })
}

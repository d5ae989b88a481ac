import { type Graph, type Node, type Value } from '../../graph/graph.js'
import { operands, rewrite } from '../../graph/rewrite.js'
import { operator } from '../../ops/registry.js'
import type { Pass } from './pass.js'

/** Computes once, before a Loop, what is the same in each of its rounds. */
export const hoistInvariants: Pass = {
  name: 'hoist-invariants',
  doc: 'Nodes of a Loop body that depend on no input of the body move in front of the Loop; copies by Expand and views only with what reads them.',
  requires: [],
  run(graph) {
    let changed = 0
    if (graph.nodes.every((n) => n.op !== 'Loop')) return { graph, changed, refusals: [] }
    const hoisted = rewrite(graph, {
      node(node, inputs, copier) {
        const [body] = node.bodies
        if (node.op !== 'Loop' || !body) return undefined
        const moved = invariantsOf(body.graph)
        if (moved.size === 0) return undefined
        changed += moved.size
        for (const inner of body.graph.nodes) {
          if (!moved.has(inner)) continue
          copier.b.span = inner.span
          const copies = copier.keep(
            inner,
            inner.inputs.map((v) => v && copier.value(v)),
          )
          inner.outputs.forEach((v, k) => copies[k] && copier.set(v, copies[k]))
        }
        copier.b.span = node.span
        const rest = { ...body.graph, nodes: body.graph.nodes.filter((n) => !moved.has(n)) }
        return copier.b.node('Loop', inputs, { ...node.attributes, [body.name]: copier.copyBody(rest) })
      },
    })
    return { graph: hoisted, changed, refusals: [] }
  },
}

/** The nodes that every round computes alike, without those that are no work and would only hold memory. */
function invariantsOf(body: Graph): ReadonlySet<Node> {
  const varying = new Set<Value>(body.inputs)
  const invariant: Node[] = []
  for (const node of body.nodes) {
    const fixed = node.bodies.length === 0 && operator(node.op).domain !== 'dcrc'
    if (fixed && !operands(node).some((v) => varying.has(v))) invariant.push(node)
    else for (const output of node.outputs) varying.add(output)
  }
  const moved = new Set<Node>()
  const wanted = new Set<Value>()
  for (const node of invariant.toReversed()) {
    if (isNoWork(node) && !node.outputs.some((v) => wanted.has(v))) continue
    moved.add(node)
    for (const input of node.inputs) if (input) wanted.add(input)
  }
  return moved
}

const isNoWork = ({ op }: Node): boolean => op === 'Expand' || operator(op).memory?.view === true

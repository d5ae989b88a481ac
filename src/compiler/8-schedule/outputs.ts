import { type Graph, type Node, type Output, type Value } from '../../graph/graph.js'
import { type Copier, rewrite } from '../../graph/rewrite.js'

/**
 * ONNX wants every output of a graph to be made by a node of that same graph, under one name. This puts an
 * Identity before outputs that are inputs, initializers, values of an outer graph or named twice; in bodies too.
 */
export function separateOutputs(graph: Graph): Graph {
  return separateOwn(mapBodies(graph, separateOwn))
}

/** The graph with every nested graph, innermost first, replaced by what `change` makes of it. */
export function mapBodies(graph: Graph, change: (body: Graph) => Graph): Graph {
  if (graph.nodes.every((n) => n.bodies.length === 0)) return graph
  const copy = (
    node: Node,
    inputs: readonly (Value | null)[],
    copier: Copier,
  ): readonly Value[] | undefined => {
    const nested = node.bodies
    if (nested.length === 0) return undefined
    const changed = nested.map(({ name, graph: body }) => [name, change(copier.copyBody(body))] as const)
    return copier.b.node(node.op, inputs, { ...node.attributes, ...Object.fromEntries(changed) })
  }
  const copied = rewrite(graph, { node: copy })
  const byName = new Map(copied.inputs.map((v) => [inputName(v), v]))
  return { ...copied, inputs: graph.inputs.map((v) => byName.get(inputName(v)) ?? v) }
}

const inputName = (value: Value): string => (value.source.kind === 'input' ? value.source.name : '')

function separateOwn(graph: Graph): Graph {
  const made = outputsMade(graph)
  const copies: Node[] = []
  const outputs = graph.outputs.map((output): Output => {
    if (made.delete(output.value)) return output
    const copy = identity(output.value)
    copies.push(copy.node)
    return { ...output, value: copy.value }
  })
  return copies.length === 0 ? graph : { ...graph, nodes: [...graph.nodes, ...copies], outputs }
}

/** The outputs of a graph that its own nodes make. */
function outputsMade(graph: Graph): Set<Value> {
  const wanted = new Set(graph.outputs.map((o) => o.value))
  const made = new Set<Value>()
  for (const node of graph.nodes) {
    for (let k = 0; k < node.outputs.length; k++) {
      const value = node.outputs[k]
      if (value && wanted.has(value)) made.add(value)
    }
  }
  return made
}

function identity(x: Value): { readonly node: Node; readonly value: Value } {
  const outputs: Value[] = []
  const node: Node = { id: x.id, op: 'Identity', inputs: [x], outputs, attributes: {}, bodies: [] }
  const value: Value = { id: x.id, type: x.type, source: { kind: 'node', node, output: 0 } }
  outputs.push(value)
  return { node, value }
}

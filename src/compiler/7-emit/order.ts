import type { Graph, Node, Value } from '../../graph/graph.js'
import { operands } from '../../graph/rewrite.js'

/** The order in which onnxruntime runs the nodes of a graph that stands in its file in the graph's order. */
export function executionOrder(graph: Graph): readonly Node[] {
  const order = walk(
    dependencies(graph),
    graph.nodes.map((_, i) => i),
  )
  return order.flatMap((i) => graph.nodes[i] ?? [])
}

/**
 * How onnxruntime runs a graph: depth first from the nodes that no other node reads, always the one that stands
 * latest in the file first, and the same among a node's inputs; a node runs after its inputs. So among independent
 * work the node later in the file runs earlier. Bodies of Loops follow the same rule.
 *
 * `file` lists the nodes in file order, the result the same nodes in order of execution.
 */
export function walk({ inputs, leaves }: Dependencies, file: readonly number[]): readonly number[] {
  const place: number[] = []
  file.forEach((index, at) => (place[index] = at))
  const later = (a: number, b: number): number => (place[a] ?? 0) - (place[b] ?? 0)
  const order: number[] = []
  const entered: boolean[] = []
  const stack = [...leaves].sort(later)
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    // A node that has been entered stands on the stack a second time, as its complement, to be left.
    if (top < 0) {
      order.push(~top)
    } else if (!entered[top]) {
      entered[top] = true
      stack.push(~top)
      const from = inputs[top] ?? []
      for (const index of from.length > 1 ? [...from].sort(later) : from)
        if (!entered[index]) stack.push(index)
    }
  }
  return order
}

export interface Dependencies {
  /** Per node: the nodes whose results it reads. */
  readonly inputs: readonly (readonly number[])[]
  /** Nodes whose results no node reads. */
  readonly leaves: readonly number[]
}

export function dependencies(graph: Graph): Dependencies {
  const maker = new Map<Value, number>()
  graph.nodes.forEach((node, index) => node.outputs.forEach((output) => maker.set(output, index)))
  const read = new Set<number>()
  const inputs = graph.nodes.map((node) => {
    const indices: number[] = []
    for (const value of operands(node)) {
      const index = maker.get(value)
      if (index !== undefined && !indices.includes(index)) indices.push(index)
    }
    indices.forEach((index) => read.add(index))
    return indices
  })
  return { inputs, leaves: graph.nodes.flatMap((_, index) => (read.has(index) ? [] : [index])) }
}

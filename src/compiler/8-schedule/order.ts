import type { Graph, Node } from '../../graph/graph.js'
import { type Indexed, type Lists, indexed } from './indexed.js'

/** The order in which onnxruntime runs the nodes of a graph that stands in its file in the graph's order. */
export function executionOrder(graph: Graph): readonly Node[] {
  const order = walk(dependencies(indexed(graph)), Array.from(graph.nodes.keys()))
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
  const places = new Int32Array(file.length)
  file.forEach((index, at) => (places[index] = at))
  const place = (index: number | undefined): number => places[index ?? 0] ?? 0
  const order: number[] = []
  const entered = new Uint8Array(file.length)
  const stack = [...leaves].sort((a, b) => place(a) - place(b))
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    // A node that has been entered stands on the stack a second time, as its complement, to be left.
    if (top < 0) {
      order.push(~top)
    } else if (entered[top] === 0) {
      entered[top] = 1
      stack.push(~top)
      const bottom = stack.length
      const end = inputs.starts[top + 1] ?? 0
      for (let k = inputs.starts[top] ?? 0; k < end; k++) {
        const index = inputs.items[k] ?? 0
        if (entered[index] !== 0) continue
        // Nodes have few inputs: each is put in its place among those before it.
        let at = stack.push(index) - 1
        for (; at > bottom && place(stack[at - 1]) > place(index); at--) stack[at] = stack[at - 1] ?? 0
        stack[at] = index
      }
    }
  }
  return order
}

/** Which nodes wait for which. */
export interface Dependencies {
  /** Per node: the nodes whose results it reads, each once. */
  readonly inputs: Lists
  /** Per node: the nodes that read its results. */
  readonly readers: Lists
  /** Nodes whose results no node reads. */
  readonly leaves: readonly number[]
}

export function dependencies({ graph, makers, reads }: Indexed): Dependencies {
  const count = graph.nodes.length
  const [starts, items] = [[0], [] as number[]]
  const readers = new Int32Array(count)
  for (let node = 0; node < count; node++) {
    const first = items.length
    const end = reads.starts[node + 1] ?? 0
    for (let k = reads.starts[node] ?? 0; k < end; k++) {
      const maker = makers[reads.items[k] ?? 0] ?? 0
      if (items.indexOf(maker, first) >= 0) continue
      items.push(maker)
      readers[maker] = (readers[maker] ?? 0) + 1
    }
    starts.push(items.length)
  }
  const inputs = { starts, items }
  const leaves = Array.from(graph.nodes.keys()).filter((node) => readers[node] === 0)
  return { inputs, readers: turned(inputs, readers), leaves }
}

/** Who lists a number, per number, from what each one lists; `counts` says how many there are. */
function turned({ starts, items }: Lists, counts: Int32Array): Lists {
  const turnedStarts = [0]
  for (let i = 0, sum = 0; i < counts.length; i++) turnedStarts.push((sum += counts[i] ?? 0))
  const next = [...turnedStarts]
  const turnedItems = items.slice()
  for (let list = 0; list + 1 < starts.length; list++) {
    const end = starts[list + 1] ?? 0
    for (let k = starts[list] ?? 0; k < end; k++) {
      const item = items[k] ?? 0
      const at = next[item] ?? 0
      turnedItems[at] = list
      next[item] = at + 1
    }
  }
  return { starts: turnedStarts, items: turnedItems }
}

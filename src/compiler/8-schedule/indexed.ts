import type { Graph, Value } from '../../graph/graph.js'
import { operands } from '../../graph/rewrite.js'

/** Lists of numbers in one array, since graphs have many: list i stands from `starts[i]` to before `starts[i + 1]`. */
export interface Lists {
  readonly starts: readonly number[]
  readonly items: readonly number[]
}

/** A graph whose nodes go by their place in it and whose values, as far as nodes make them, by number. */
export interface Indexed {
  readonly graph: Graph
  readonly numbers: ReadonlyMap<Value, number>
  /** Per node: the number of its first result; its other results follow. One more at the end. */
  readonly makes: readonly number[]
  /** Per value: the node that makes it. */
  readonly makers: readonly number[]
  /** Per node: the values that it reads, as often as it reads them, those of its bodies too. */
  readonly reads: Lists
}

export function indexed(graph: Graph): Indexed {
  const numbers = new Map<Value, number>()
  const makes = [0]
  const makers: number[] = []
  graph.nodes.forEach((node, index) => {
    for (let k = 0; k < node.outputs.length; k++) {
      const value = node.outputs[k]
      if (value) numbers.set(value, makers.push(index) - 1)
    }
    makes.push(makers.length)
  })
  const [starts, items] = [[0], [] as number[]]
  for (const node of graph.nodes) {
    const read = operands(node)
    for (let k = 0; k < read.length; k++) {
      const value = read[k]
      if (value?.source.kind !== 'node') continue
      const number = numbers.get(value)
      if (number !== undefined) items.push(number)
    }
    starts.push(items.length)
  }
  return { graph, numbers, makes, makers, reads: { starts, items } }
}

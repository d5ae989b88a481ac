import type { Graph, Node, Value } from '../../../graph/graph.js'
import { operands } from '../../../graph/rewrite.js'
import { narrowType } from './reading.js'

/** Where a graph may be computed in a narrow type. */
export interface Places {
  /** Nodes that make something of weights alone. */
  readonly weights: ReadonlySet<Node>
  /** Nodes from the first to the last use of weights, along each path. */
  readonly between: ReadonlySet<Node>
}

/**
 * Finds the uses of weights that are rounded to a narrow type. What comes before the first one is a model's input, what
 * comes behind the last its result: a loss, above all.
 */
export function betweenWeights(graph: Graph): Places {
  const search = new Search()
  search.forward(graph, false)
  search.backward(graph, false)
  return search
}

class Search implements Places {
  readonly weights = new Set<Node>()
  readonly between = new Set<Node>()
  /** What reads weights, or what is made of them, beside other values. */
  private readonly uses = new Set<Node>()
  /** What is computed from weights or constants, and what of it from narrow weights. */
  private readonly fixed = new Set<Value>()
  private readonly narrow = new Set<Value>()
  /** What comes behind a use, and what before one. */
  private readonly behind = new Set<Value>()
  private readonly before = new Set<Value>()

  /** Whether results of a graph come behind a use; `entered`: what it is given does. */
  forward({ inputs, nodes, outputs }: Graph, entered: boolean): boolean {
    if (entered) addAll(this.behind, inputs)
    for (const node of nodes) {
      const read = operands(node)
      const uses = read.some((v) => this.narrow.has(v) || narrowType(v) !== undefined)
      const isFixed = node.bodies.length === 0 && read.every((v) => this.isFixed(v))
      if (isFixed) addAll(this.fixed, node.outputs)
      if (isFixed && uses) {
        this.weights.add(node)
        addAll(this.narrow, node.outputs)
      } else if (uses) this.uses.add(node)
      const comes = this.uses.has(node) || read.some((v) => this.behind.has(v))
      const inside = node.bodies.map((body) => this.forward(body.graph, comes))
      if (comes || inside.includes(true)) addAll(this.behind, node.outputs)
    }
    return outputs.some(({ value }) => this.behind.has(value))
  }

  /** Whether there are uses in a graph; `onward`: what reads its results comes before one. */
  backward({ nodes, outputs }: Graph, onward: boolean): boolean {
    if (onward)
      addAll(
        this.before,
        outputs.map((o) => o.value),
      )
    let found = false
    for (const node of nodes.toReversed()) {
      const goesOn = node.outputs.some((v) => this.before.has(v))
      const inside = node.bodies.map((body) => this.backward(body.graph, goesOn))
      const uses = this.uses.has(node) || inside.includes(true)
      found ||= uses
      if (!uses && !goesOn) continue
      addAll(this.before, operands(node))
      if (node.outputs.some((v) => this.behind.has(v))) this.between.add(node)
    }
    return found
  }

  private isFixed(value: Value): boolean {
    const { kind } = value.source
    return kind === 'constant' || kind === 'parameter' || this.fixed.has(value)
  }
}

function addAll<T>(set: Set<T>, values: readonly T[]): void {
  for (const value of values) set.add(value)
}

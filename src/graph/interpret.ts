import { findOperator } from '../ops/registry.js'
import type { Graph, Node, Value } from './graph.js'
import type { Tensor } from './types.js'

/** Gives the value of a graph input or a parameter. */
type Leaf = (value: Value) => Tensor

/**
 * Runs a graph in float64 by the operators' own definitions and gives its outputs in order. Slow and exact: the oracle
 * of tests, and what the constant folder uses.
 */
export function interpret(graph: Graph, leaf: Leaf): readonly Tensor[] {
  const known = new Map<Value, Tensor>()
  run(graph.nodes, known, leaf)
  return graph.outputs.map((o) => valueOf(o.value, known, leaf))
}

/** The values of one node's outputs, given those of its inputs (and of all values that its bodies use). */
export function evaluateNode(node: Node, of: Leaf): readonly Tensor[] {
  const definition = findOperator(node.op)
  if (!definition) throw new Error(`interpret: no operator ${node.op}`)
  const inputs = node.inputs.map((v) => (v ? of(v) : null))
  return definition.value(inputs, node.attributes, {
    run(body, args) {
      const bound = new Map(body.inputs.map((v, i) => [v, args[i]]))
      return interpret(body, (v) => bound.get(v) ?? of(v))
    },
  })
}

function run(nodes: readonly Node[], known: Map<Value, Tensor>, leaf: Leaf): void {
  for (const node of nodes) {
    const outputs = evaluateNode(node, (v) => valueOf(v, known, leaf))
    node.outputs.forEach((v, i) => {
      const t = outputs[i]
      if (t) known.set(v, t)
    })
  }
}

function valueOf(value: Value, known: Map<Value, Tensor>, leaf: Leaf): Tensor {
  if (value.source.kind === 'constant') return value.source.tensor
  return known.get(value) ?? leaf(value)
}

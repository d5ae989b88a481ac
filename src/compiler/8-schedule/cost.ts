import { type Graph, type Node, type Value, constantOf } from '../../graph/graph.js'
import { operands } from '../../graph/rewrite.js'
import { byteSize } from '../../graph/types.js'
import { operator } from '../../ops/registry.js'

/** What one run of a graph computes and moves. */
export interface Cost {
  readonly flops: number
  /** Bytes that nodes read and write in memory. */
  readonly bytes: number
  /** The same by operator, most FLOPs first. */
  readonly byOperator: readonly OperatorCost[]
}

export interface OperatorCost {
  readonly op: string
  readonly nodes: number
  readonly flops: number
  readonly bytes: number
}

/** FLOPs (a multiply-add is 2) and memory traffic of one run; the rounds of a Loop count as often as they run. */
export function costOf(graph: Graph): Cost {
  const table = new Map<string, { nodes: number; flops: number; bytes: number }>()
  addNodes(graph, 1, table)
  const byOperator = [...table]
    .map(([op, cost]) => ({ op, ...cost }))
    .sort((a, b) => b.flops - a.flops || b.bytes - a.bytes || (a.op < b.op ? -1 : 1))
  return {
    flops: byOperator.reduce((sum, c) => sum + c.flops, 0),
    bytes: byOperator.reduce((sum, c) => sum + c.bytes, 0),
    byOperator,
  }
}

function addNodes(
  graph: Graph,
  times: number,
  table: Map<string, { nodes: number; flops: number; bytes: number }>,
): void {
  for (const node of graph.nodes) {
    for (const { graph: body } of node.bodies) addNodes(body, times * rounds(node), table)
    let entry = table.get(node.op)
    if (!entry) table.set(node.op, (entry = { nodes: 0, flops: 0, bytes: 0 }))
    entry.nodes++
    entry.flops += times * flopsOf(node)
    entry.bytes += times * bytesOf(node)
  }
}

export const flopsOf = (node: Node): number =>
  operator(node.op).flops(
    node.inputs.map((v) => v?.type ?? null),
    node.outputs.map((v) => v.type),
    node.attributes,
  )

export function bytesOf(node: Node): number {
  if (operator(node.op).memory?.view) return 0
  return bytesOfAll(node.bodies.length > 0 ? operands(node) : node.inputs) + bytesOfAll(node.outputs)
}

function bytesOfAll(values: readonly (Value | null)[]): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (value) sum += byteSize(value.type)
  }
  return sum
}

/** How often a Loop's body runs; its trip count is a constant in our graphs. */
const rounds = (node: Node): number => (node.op === 'Loop' ? (constantOf(node.inputs[0])?.data[0] ?? 1) : 1)

import { type Node, type Value, producer } from '../../graph/graph.js'
import type { RowAxis } from '../../ops/operator.js'
import { operator } from '../../ops/registry.js'

/**
 * Follows rows from the values in which they lie along the first axis to a result, by what the operators are known to do.
 * Gives the axis of the result along which its rows lie, null where it has none, or the first node that mixes rows.
 */
export function followRows(
  result: Value,
  rows: Iterable<Value>,
  count: number,
): { readonly axis: RowAxis } | { readonly coupling: Node } {
  const axes = new Map<Value, RowAxis>()
  for (const value of rows) axes.set(value, 0)
  // an explicit stack: deep networks have thousands of nodes in a chain
  const stack: Value[] = [result]
  for (let value = stack.at(-1); value; value = stack.at(-1)) {
    const node = axes.has(value) ? undefined : producer(value)
    if (!node) {
      if (!axes.has(value)) axes.set(value, null)
      stack.pop()
      continue
    }
    const waiting = node.inputs.filter((v): v is Value => v !== null && !axes.has(v))
    if (waiting.length > 0) stack.push(...waiting)
    else if (passes(node, axes, count)) stack.pop()
    else return { coupling: node }
  }
  return { axis: axes.get(result) ?? null }
}

/** Notes the axes of a node's outputs; whether it leaves rows to themselves. */
function passes(node: Node, axes: Map<Value, RowAxis>, count: number): boolean {
  const rows = node.inputs.map((v) => (v ? (axes.get(v) ?? null) : null))
  const types = node.outputs.map((v) => v.type)
  const found = rows.every((r) => r === null)
    ? []
    : operator(node.op).rows(rows, node.inputs, types, node.attributes, count)
  for (const [k, value] of node.outputs.entries()) {
    const axis = found[k] ?? null
    if (axis === 'coupled') return false
    axes.set(value, axis)
  }
  return true
}

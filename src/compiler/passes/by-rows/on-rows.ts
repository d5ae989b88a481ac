import type { Builder } from '../../../graph/builder.js'
import type { Node, Value } from '../../../graph/graph.js'
import { TypeMismatch } from '../../../ops/operator.js'
import { given } from '../simplify/rule.js'

/** The node with fewer rows; operators that take a shape as an operand get the smaller one. */
export function onRows(
  b: Builder,
  node: Node,
  operands: readonly (Value | null)[],
  shapes: readonly (readonly number[])[],
): readonly Value[] | undefined {
  try {
    if (node.op === 'Reshape') return [b.reshape(given(operands, 0), shapes[0] ?? [])]
    if (node.op === 'Expand') return [b.expand(given(operands, 0), shapes[0] ?? [])]
    if (node.op === 'Resize')
      return b.node(node.op, [...operands.slice(0, 3), b.ints(shapes[0] ?? [])], node.attributes)
    return b.node(node.op, operands, node.attributes)
  } catch (error) {
    if (error instanceof TypeMismatch) return undefined
    throw error
  }
}

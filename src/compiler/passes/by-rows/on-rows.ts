import type { Builder } from '../../../graph/builder.js'
import type { Node, Value } from '../../../graph/graph.js'
import { TypeMismatch } from '../../../ops/operator.js'
import { operator } from '../../../ops/registry.js'

/** The node with fewer rows; operators that take a shape as an operand get the smaller one. */
export function onRows(
  b: Builder,
  node: Node,
  operands: readonly (Value | null)[],
  shapes: readonly (readonly number[])[],
): readonly Value[] | undefined {
  try {
    const { shapeOperand } = operator(node.op)
    if (shapeOperand === undefined) return b.node(node.op, operands, node.attributes)
    return b.node(node.op, operands.with(shapeOperand, b.ints(shapes[0] ?? [])), node.attributes)
  } catch (error) {
    if (error instanceof TypeMismatch) return undefined
    throw error
  }
}

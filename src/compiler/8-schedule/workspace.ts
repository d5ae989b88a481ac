import type { Node } from '../../graph/graph.js'
import { byteSize, elementCount } from '../../graph/types.js'

/** Bytes that onnxruntime's CPU kernel of a node takes beside its operands and results while it runs. */
export function workspaceBytes(node: Node): number {
  const [result] = node.outputs
  if (!result) return 0
  switch (node.op) {
    // Over another axis than the last the kernel works on a transposed copy of operand and result.
    case 'Softmax':
    case 'LogSoftmax': {
      const axis = typeof node.attributes['axis'] === 'number' ? node.attributes['axis'] : -1
      return axis === -1 || axis === result.type.shape.length - 1 ? 0 : 2 * byteSize(result.type)
    }
    // Four words of 64 bits for each entry.
    case 'DropoutMask':
      return 4 * 8 * elementCount(result.type.shape)
    default:
      return 0
  }
}

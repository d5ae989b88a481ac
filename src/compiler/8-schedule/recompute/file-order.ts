import { MaxHeap } from '../heap.js'
import type { Dependencies } from '../order.js'

/**
 * A file order of nodes, which stand in the order in which they shall run, with which onnxruntime's walk comes close to
 * that. The walk takes of what a node reads the latest in the file first; so the file is filled from its end, each time
 * with the earliest of the nodes whose readers all have their places.
 */
export function fileOrder({ inputs, readers, leaves }: Dependencies): readonly number[] {
  const count = inputs.starts.length - 1
  const ready = new MaxHeap(Float64Array.from({ length: count }, (_, node) => -node))
  const waiting = Int32Array.from(
    { length: count },
    (_, node) => (readers.starts[node + 1] ?? 0) - (readers.starts[node] ?? 0),
  )
  for (const leaf of leaves) ready.push(leaf)
  const backwards: number[] = []
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    backwards.push(node)
    const end = inputs.starts[node + 1] ?? 0
    for (let k = inputs.starts[node] ?? 0; k < end; k++) {
      const operand = inputs.items[k] ?? 0
      const left = (waiting[operand] ?? 0) - 1
      waiting[operand] = left
      if (left === 0) ready.push(operand)
    }
  }
  return backwards.reverse()
}

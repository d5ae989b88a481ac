import type { Graph, Node, Value } from '../graph/graph.js'
import { visitNodes } from '../graph/rewrite.js'
import type { DType } from '../graph/types.js'

/** The kernels of a target by operator. */
export type Kernels = Readonly<Record<string, Kernel>>

export interface Kernel {
  /** The element types that there is a kernel for. */
  readonly types: readonly DType[]
  /** The operand whose type decides; the first when absent. */
  readonly operand?: number
  /** The type of the result must be one of `types`, too. */
  readonly result?: boolean
  /** What of a node the kernel cannot do, though it has the type. */
  readonly refuses?: { readonly what: string; readonly of: (node: Node) => boolean }
}

/** A node that a target cannot run. */
export interface Missing {
  readonly node: Node
  /** The element type that there is no kernel for; null: there is none for any. */
  readonly type: DType | null
  /** What the kernel cannot do in any type. */
  readonly refused?: string
}

/** The first node of each operator and type, nested graphs included, that there is no kernel for. */
export function missingKernels(graph: Graph, kernels: Kernels): readonly Missing[] {
  const missing = new Map<string, Missing>()
  visitNodes(graph, (node) => {
    const found = missingKernel(node, kernels[node.op])
    if (!found) return
    const key = `${node.op} ${found.type} ${found.refused}`
    if (!missing.has(key)) missing.set(key, found)
  })
  return [...missing.values()]
}

const lacking = (types: readonly DType[], value: Value | null | undefined): DType | undefined =>
  value && !types.includes(value.type.dtype) ? value.type.dtype : undefined

/** What of a node there is no kernel for. */
export function missingKernel(node: Node, kernel: Kernel | undefined): Missing | undefined {
  if (node.bodies.length > 0) return undefined
  if (!kernel) return { node, type: null }
  const { types, operand = 0, result = false, refuses } = kernel
  const type = lacking(types, node.inputs[operand]) ?? (result ? lacking(types, node.outputs[0]) : undefined)
  if (type) return { node, type }
  return refuses?.of(node) === true ? { node, type: null, refused: refuses.what } : undefined
}

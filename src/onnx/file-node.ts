import type { Tensor } from '../graph/types.js'
import type { AttributeKind, FileAttributes } from './attributes.js'

/** A node of an ONNX file. */
export interface FileNode {
  /** How messages call it: `node "/conv1/Conv" (Conv)`. */
  readonly what: string
  readonly op: string
  readonly domain: string
  /** The version of ai.onnx that its file names. */
  readonly opset: number
  /** Absent optional inputs are ''. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: FileAttributes
  /** The kinds of all its attributes, nested graphs among them. */
  readonly kinds: ReadonlyMap<string, AttributeKind>
  /** An attribute that is not read, which is told where the operator itself is. */
  readonly unread: string | undefined
  /** The branches of an If, by attribute; nested graphs of other operators are not read. */
  readonly bodies: ReadonlyMap<string, FileBody>
}

/** A nested graph of a node, such as a branch of If: what its nodes use and it does not make comes from around it. */
export interface FileBody {
  readonly constants: ReadonlyMap<string, Tensor>
  readonly nodes: readonly FileNode[]
  readonly outputs: readonly string[]
}

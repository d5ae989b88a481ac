import type { FileAttributes } from './attributes.js'

/** A node of an ONNX file. */
export interface FileNode {
  /** How messages call it: `node "/conv1/Conv" (Conv)`. */
  readonly what: string
  readonly op: string
  readonly domain: string
  /** Absent optional inputs are ''. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: FileAttributes
}

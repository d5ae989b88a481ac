import type { FrozenParameter, NamedTensor } from './graphs.js'

/** An ONNX file of a function with an open number of rows; the shapes are those of a row. */
export interface FunctionExport {
  readonly kind: 'function'
  readonly name: string
  readonly file: string
  readonly inputs: readonly NamedTensor[]
  readonly outputs: readonly NamedTensor[]
  readonly parameters: readonly FrozenParameter[]
}

/** What is written at the end of a run. */
export type ExportSpec =
  | { readonly kind: 'model'; readonly name: string }
  | { readonly kind: 'adapter'; readonly name: string }
  | FunctionExport

import type { GraphSpec } from '../artefact/graphs.js'
import type { Json } from '../artefact/json.js'

/** How the runner makes sessions for a target's graphs. */
export interface SessionModel {
  /** onnxruntime's name of the execution provider. */
  readonly provider: string
  /** What has to be installed for it; nothing where onnxruntime brings all. */
  readonly installed?: Installed
  /** The provider's own settings; only the C API of onnxruntime takes them. */
  readonly providerOptions?: Readonly<Record<string, string>>
  readonly options: SessionOptions
  /** Entries of the session's configuration for one graph. */
  entries(spec: Pick<GraphSpec, 'inputs' | 'parameters'>): Readonly<Record<string, string>>
}

/** What onnxruntime needs beside itself for a provider. */
export interface Installed {
  readonly title: string
  /** Its files beside onnxruntime's own library; the last one is the provider. */
  readonly files: readonly string[]
  /** Libraries that it loads by name when it needs them, which no loader tells. */
  readonly loaded: readonly string[]
  /** What brings the libraries that it needs of others, by how their names begin. */
  readonly brings: readonly { readonly library: string; readonly what: string }[]
}

/** As onnxruntime takes them; a graph's own level of optimisation comes on top. */
export interface SessionOptions {
  readonly graphOptimizationLevel: 'disabled'
  readonly enableMemPattern: boolean
  readonly logSeverityLevel: 0 | 1 | 2 | 3 | 4
  readonly extra: Readonly<Record<string, Json>>
}

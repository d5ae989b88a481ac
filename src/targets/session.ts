import type { GraphSpec } from '../artefact/graphs.js'
import type { Json } from '../artefact/json.js'

/** How the runner makes sessions for a target's graphs. */
export interface SessionModel {
  /** onnxruntime's name of the execution provider. */
  readonly provider: string
  readonly options: SessionOptions
  /** Entries of the session's configuration for one graph. */
  entries(spec: Pick<GraphSpec, 'inputs' | 'parameters'>): Readonly<Record<string, string>>
}

/** As onnxruntime takes them; a graph's own level of optimisation comes on top. */
export interface SessionOptions {
  readonly graphOptimizationLevel: 'disabled'
  readonly enableMemPattern: boolean
  readonly logSeverityLevel: 0 | 1 | 2 | 3 | 4
  readonly extra: Readonly<Record<string, Json>>
}

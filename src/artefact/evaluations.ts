import type { GraphSpec } from './graphs.js'
import type { Settings } from './json.js'

export interface EvaluationSpec {
  readonly name: string
  readonly kind: string
  /** One without a name, or those of `for`. */
  readonly cases: readonly EvaluationCase[]
  /** `<model>/<path>` of every parameter that it reads; it runs at the start and after stages that change one. */
  readonly reads: readonly string[]
}

export interface EvaluationCase {
  readonly name: string | null
  /** Static arguments. */
  readonly settings: Settings
  /** A graph per group of rows, over all rows of its data set; and one over random batches, with group and data null. */
  readonly parts: readonly EvaluationPart[]
}

export interface EvaluationPart {
  readonly group: string | null
  readonly data: string | null
  readonly rows: number
  readonly graph: GraphSpec
}

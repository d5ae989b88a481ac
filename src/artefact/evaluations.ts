import type { GraphSpec } from './graphs.js'
import type { Settings } from './json.js'

export interface EvaluationSpec {
  readonly name: string
  readonly kind: string
  /** Static arguments. */
  readonly settings: Settings
  /** One graph per data set named (or one with data null for an expression over draws and batches). */
  readonly parts: readonly {
    readonly data: string | null
    readonly rows: number
    readonly graph: GraphSpec
  }[]
  /** `<model>/<path>` of every parameter that it reads; it runs at the start and after stages that change one. */
  readonly reads: readonly string[]
}

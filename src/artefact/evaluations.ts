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
  /**
   * A graph per group of rows, over all rows of its data set; and one over random batches, with group and data null. Then
   * as many for each reference that is measured beside it.
   */
  readonly parts: readonly EvaluationPart[]
}

export interface EvaluationPart {
  /** The reference that it belongs to; absent: the evaluation itself. */
  readonly beside?: string
  readonly group: string | null
  readonly data: string | null
  readonly rows: number
  readonly graph: GraphSpec
}

/** The parts of what is evaluated, without those of references. */
export const ownParts = <P extends Pick<EvaluationPart, 'beside'>>(parts: readonly P[]): readonly P[] =>
  parts.filter(({ beside }) => beside === undefined)

/** An evaluation without its references. */
export const withoutReferences = (spec: EvaluationSpec): EvaluationSpec => ({
  ...spec,
  cases: spec.cases.map((one) => ({ ...one, parts: ownParts(one.parts) })),
})

import type { Json, Settings } from '../../artefact/json.js'

/** What measures a kind of evaluation, in one file of this folder, named like the kind. */
export interface KindMeasure {
  readonly name: string
  /**
   * The metrics, by name. `<metric>_std` beside a number is its standard deviation over what is random in the measurement
   * (seeds, resampled rows). Pure, deterministic.
   */
  measure(input: EvaluationInput): Readonly<Record<string, Json>>
}

export interface EvaluationInput {
  readonly settings: Settings
  readonly seed: number
  /** By parameter; the first axis counts rows or batches. */
  readonly results: Readonly<Record<string, Results>>
}

export interface Results {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

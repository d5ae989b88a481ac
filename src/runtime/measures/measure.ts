import type { Json, Settings } from '../../artefact/json.js'

/** What measures a kind of evaluation, in one file of this folder, named like the kind. */
export interface KindMeasure {
  readonly name: string
  /**
   * The metrics, by name, and `protocol`, how they were measured, in words. Beside a number stand `<metric>_std`, its standard
   * deviation over what is random in the measurement (seeds, resampled rows), `<metric>_interval`, 95 % over rows, and
   * `<metric>_chance`. Pure, deterministic. Throws RowsUnfit where the rows cannot be measured.
   */
  measure(input: EvaluationInput): Readonly<Record<string, Json>>
}

export interface EvaluationInput {
  readonly settings: Settings
  readonly seed: number
  /** What the same measurement gave at the start of the run; undefined at the start. */
  readonly start?: Readonly<Record<string, Json>> | undefined
  /** Names that the data give to the numbers of fields which are read: those of classes. */
  readonly names?: readonly (readonly string[])[]
  /** By parameter; the first axis counts rows or batches. */
  readonly results: Readonly<Record<string, Results>>
}

export interface Results {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

import type { Json, Settings } from '../artefact/json.js'

/**
 * A kind of evaluation, in one file of this folder: `evaluate digits = clustering(data = mnist, ...)`.
 * The compiler lowers its function and tensor arguments to graphs; the runtime runs them and hands the results here.
 */
export interface EvaluationKind {
  readonly name: string
  readonly doc: string
  readonly parameters: readonly EvaluationParameter[]
  /** Whether it looks at a data set from first to last row, or at a number of random batches. */
  readonly over: 'dataset' | 'batches'
  /** It may say that training makes no sense as things are, so it comes before the first step. */
  readonly gate?: true
  /** The numbers among its metrics that a table of runs compares. */
  readonly metrics: readonly Metric[]
  /** What is wrong with given arguments, as far as their shapes tell; each names the parameter at fault. */
  problems?(given: GivenArguments): readonly { readonly parameter: string; readonly message: string }[]
  /**
   * The metrics, by name; those of several data sets stand under the name of each. `<metric>_std` beside a number is
   * its standard deviation over what is random in the measurement (seeds, resampled rows). Pure, deterministic.
   */
  measure(input: EvaluationInput): Readonly<Record<string, Json>>
}

export interface EvaluationParameter {
  readonly name: string
  readonly kind:
    /** The name of a data declaration; or a list of them. */
    | 'data'
    /** A function of the data's fields, by its parameters' names: lowered to a result of the evaluation's graph. */
    | 'function'
    /** An expression over batches and draws: lowered to a result of the evaluation's graph. A kind that has such
     * parameters has an int `batches`: on how many random batches the graph runs. */
    | 'tensor'
    | 'int'
    | 'float'
    | 'ints'
    | 'string'
  /** Without it the parameter must be given. `null`: it may be left out, a result is then absent. */
  readonly default?: Json
  /** The least number that it may be (each element of a list). */
  readonly min?: number
  readonly doc: string
}

export interface Metric {
  readonly name: string
  /** As a table's heading writes it. */
  readonly label: string
  readonly better: 'higher' | 'lower' | 'neither'
  readonly doc: string
}

/** What the compiler knows of the arguments of an evaluation. */
export interface GivenArguments {
  /** With defaults. */
  readonly settings: Settings
  /** Per function the shape of its result for one row, per tensor its shape. */
  readonly shapes: Readonly<Record<string, readonly number[]>>
}

export interface EvaluationInput {
  readonly settings: Settings
  readonly seed: number
  /** Per data set (or one for an expression): each function's or tensor's results, first axis = rows or batches. */
  readonly parts: readonly {
    readonly data: string | null
    readonly results: Readonly<Record<string, Results>>
  }[]
}

export interface Results {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

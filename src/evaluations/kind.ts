import type { Json, Settings } from '../artefact/json.js'

/**
 * A kind of evaluation, in one file of this folder: `evaluate d = clustering(features = f(digits.image), ...)`.
 * The compiler lowers its expressions to graphs, which the runtime runs; what measures the results is a file of the same
 * name in `src/runtime/measures`.
 */
export interface EvaluationKind {
  readonly name: string
  readonly doc: string
  readonly parameters: readonly EvaluationParameter[]
  /** It may say that training makes no sense as things are, so it comes before the first step. */
  readonly gate?: true
  /** The numbers among its metrics that a table of runs compares. */
  readonly metrics: readonly Metric[]
  /** What is wrong with given arguments, as far as their shapes tell; each names the parameter at fault. */
  problems?(given: GivenArguments): readonly { readonly parameter: string; readonly message: string }[]
}

export type EvaluationParameter = ExpressionParameter | StaticParameter

interface Described {
  readonly name: string
  /** Without it the parameter must be given. `null`: it may be left out, a result is then absent. */
  readonly default?: Json
  readonly doc: string
}

/** An expression, lowered to a result of an evaluation's graph. */
export type ExpressionParameter = Described &
  (
    | {
        /**
         * One value for each row of a data set, which all arguments of its group read: the graph runs over all rows once.
         * Other groups may read other data sets.
         */
        readonly kind: 'rows'
        readonly group: string
      }
    /** A value of a batch. A kind with such parameters has an int `batches`: on how many random batches the graph runs. */
    | { readonly kind: 'batch' }
  )

export interface StaticParameter extends Described {
  readonly kind: 'int' | 'float' | 'bool' | 'ints' | 'floats' | 'string'
  /** The least number that it may be (each element of a list). */
  readonly min?: number
  /** The texts that it may be. */
  readonly choices?: readonly string[]
}

/** Numbers to compare with, of any kind that has metrics: they measure nothing and are shown beside what is measured. */
export const published = 'published'

/**
 * What else is measured in the same way, once at the start: by the names of these references, arguments in place of the
 * call's own. Nothing is compared with them.
 */
export const beside = 'beside'

export interface Metric {
  readonly name: string
  /** As a table's heading writes it. */
  readonly label: string
  readonly better: 'higher' | 'lower' | 'neither'
  /** What it is where nothing is wrong: who cannot be told from that is at the ceiling. */
  readonly perfect?: number
  readonly doc: string
}

/** What the compiler knows of the arguments of an evaluation. */
export interface GivenArguments {
  /** With defaults. */
  readonly settings: Settings
  /** The shape of each expression: of one row, or of a batch's value. */
  readonly shapes: Readonly<Record<string, readonly number[]>>
}

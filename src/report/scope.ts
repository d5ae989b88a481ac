/** What of an experiment a report of its runs says beside them. */
export interface Scope {
  /** Of training, of each row. */
  readonly seeds: number
  /** What would have been seen of each primary metric, or of every one where none was named. */
  readonly power: readonly Power[]
  /** A sentence for each run that has given nothing. */
  readonly missing: readonly string[]
  /** Of each row: what tells it from the first. */
  readonly differences: readonly RowDifference[]
}

export interface Power {
  /** `mnist NMI`. */
  readonly metric: string
  /** The largest over the rows: the smallest true difference that would have been seen in 80 % of repetitions. */
  readonly detectable: number
}

export interface RowDifference {
  readonly label: string
  readonly declarations: readonly {
    readonly at: string
    readonly text: string
    readonly of: 'variant' | 'base'
  }[]
}

export type MonitorValue = number | readonly number[]

/** What one optimizer step of an update gave. */
export interface UpdateMetrics {
  readonly loss: number
  /** The scheduled learning rate; a list where there are several groups. */
  readonly lr: number | readonly number[]
  /** Norm of all gradients before clipping; null where the graph does not compute it. */
  readonly grad_norm: number | null
}

/** One line of `metrics.jsonl`: one step of a stage. */
export type MetricsLine = StepLine | RoundLine

/** Of a stage that is one update. */
export type StepLine = StepMetrics & UpdateMetrics

/** Of a round of updates: for each the values of its last execution. */
export interface RoundLine extends StepMetrics {
  readonly updates: Readonly<Record<string, UpdateMetrics>>
}

interface StepMetrics {
  readonly stage: string
  readonly step: number
  /** The monitors that were due. */
  readonly monitors: Readonly<Record<string, MonitorValue>>
  /** Duration of the step, and how long it waited for its batch. */
  readonly step_ms: number
  readonly data_ms: number
  /** The loss or the gradient was not finite, and the state is as it was. */
  readonly skipped?: true
}

/** The values of a line by update; those of a stage that is one update have no name. */
export const updatesOf = (line: MetricsLine): readonly (readonly [string | null, UpdateMetrics])[] =>
  'updates' in line ? Object.entries(line.updates) : [[null, line]]

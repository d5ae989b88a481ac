export type MonitorValue = number | readonly number[]

/** One line of `metrics.jsonl`: one optimizer step. */
export interface MetricsLine {
  readonly stage: string
  readonly step: number
  readonly loss: number
  /** The scheduled learning rate; a list where a stage has several groups. */
  readonly lr: number | readonly number[]
  /** Norm of all gradients before clipping; null where the graph does not compute it. */
  readonly grad_norm: number | null
  /** The monitors that were due. */
  readonly monitors: Readonly<Record<string, MonitorValue>>
  /** Duration of the step, and how long it waited for its batch. */
  readonly step_ms: number
  readonly data_ms: number
}

export interface ScheduleParameter {
  readonly name: string
  readonly default?: number
  /** A number of steps, which may also be given as a share of those of the stage. */
  readonly of?: 'steps'
  readonly doc: string
}

/** A learning-rate schedule, in one file of this folder: a factor on each group's learning rate. */
export interface Schedule {
  readonly name: string
  readonly doc: string
  readonly parameters: readonly ScheduleParameter[]
  /** The factor for `step` (1-based) of `steps`. */
  factor(settings: Readonly<Record<string, number>>, step: number, steps: number): number
}

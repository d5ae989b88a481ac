/** A learning-rate schedule, in one file of this folder: a factor on each group's learning rate. */
export interface Schedule {
  readonly name: string
  readonly doc: string
  readonly parameters: readonly { readonly name: string; readonly default?: number; readonly doc: string }[]
  /** The factor for `step` (1-based) of `steps`. */
  factor(settings: Readonly<Record<string, number>>, step: number, steps: number): number
}

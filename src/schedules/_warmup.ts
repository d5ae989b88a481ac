/** The setting that schedules with a warm-up share. */
export const warmup = {
  name: 'warmup',
  default: 0,
  of: 'steps',
  doc: 'Over this many first steps, or this share of all (`5%`), the learning rate rises in equal steps to its full value.',
} as const

/** The setting of schedules whose warm-up may begin at 0. */
export const zeroSteps = {
  name: 'zero_steps',
  default: 0,
  of: 'steps',
  doc: "So many steps have a learning rate of 0 before it rises: 1 in transformers' schedules, whose warm-up begins at 0.",
} as const

/** The factor of the warm-up, counted from the first step that it moves: 1/n there, 1 from the n-th on. */
export const rise = (steps: number, zeros: number, step: number): number =>
  step <= zeros ? 0 : steps <= 0 ? 1 : Math.min(1, (step - zeros) / steps)

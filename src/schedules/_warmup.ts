/** The setting that schedules with a warm-up share. */
export const warmup = {
  name: 'warmup',
  default: 0,
  doc: 'Over this many first steps the learning rate rises in equal steps to its full value.',
} as const

/** The factor of the warm-up: 1/n at the first of n steps, 1 from the last of them on. */
export const rise = (steps: number, step: number): number => (steps <= 0 ? 1 : Math.min(1, step / steps))

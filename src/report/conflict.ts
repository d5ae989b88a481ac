import type { RunSummary } from './run-summary.js'

/** How often a cosine of gradients was below zero. */
export interface Share {
  readonly negative: number
  readonly steps: number
  readonly share: number
  /** Its standard error, steps taken as independent. */
  readonly error: number
  /** 95 % interval (Wilson). */
  readonly low: number
  readonly high: number
}

/**
 * The monitors `conflict` (cosine of the gradients of two losses, Eq. 11) and `conflict_null` (of one loss on two
 * micro-batches): without the null, a share near one half would look like a finding.
 */
export interface Conflict {
  readonly stage: string
  readonly losses: Share
  readonly null: Share | null
}

/** The conflict of the last stage that watched it. */
export function conflictOf(run: RunSummary): Conflict | null {
  for (const stage of run.stages.toReversed()) {
    const watched = (name: string): number[] => stage.records.flatMap(({ monitors }) => monitors[name] ?? [])
    const losses = watched('conflict')
    const none = watched('conflict_null')
    if (losses.length > 0) {
      return {
        stage: stage.name,
        losses: shareBelowZero(losses),
        null: none.length > 0 ? shareBelowZero(none) : null,
      }
    }
  }
  return null
}

export function shareBelowZero(cosines: readonly number[]): Share {
  const steps = cosines.length
  const negative = cosines.filter((cosine) => cosine < 0).length
  const share = negative / steps
  const [low, high] = wilson(negative, steps)
  return { negative, steps, share, error: Math.sqrt((share * (1 - share)) / steps), low, high }
}

/** The interval of a binomial share that holds its true value 95 % of the time; never outside [0, 1]. */
export function wilson(successes: number, trials: number): readonly [number, number] {
  const z = 1.959964
  const share = successes / trials
  const centre = (share + z ** 2 / (2 * trials)) / (1 + z ** 2 / trials)
  const half =
    (z / (1 + z ** 2 / trials)) * Math.sqrt((share * (1 - share)) / trials + z ** 2 / (4 * trials ** 2))
  return [Math.max(0, centre - half), Math.min(1, centre + half)]
}

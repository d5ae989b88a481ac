import { availableParallelism } from 'node:os'
import type { StageNode } from './stage-graph.js'
import type { StepTimes } from './probe.js'

/** What the training that is left takes of this machine. */
export interface Cost {
  /** Seconds of one run after the other, with all cores. */
  readonly seconds: number
  readonly coreHours: number
  /** Stages of which nothing is known. */
  readonly unknown: number
}

/** Of stages of which some steps were tried; evaluations are not in it. */
export function costOf(nodes: readonly StageNode[], times: StepTimes): Cost {
  const left = nodes.filter(({ there }) => !there)
  const seconds = left.reduce((sum, { key, steps }) => sum + steps * (times.get(key) ?? 0), 0)
  return {
    seconds,
    coreHours: (seconds * availableParallelism()) / 3600,
    unknown: left.filter(({ key }) => !times.has(key)).length,
  }
}

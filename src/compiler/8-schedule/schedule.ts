import type { Graph } from '../../graph/graph.js'
import { verified } from '../../graph/verify.js'
import type { Schedule, Target } from '../../targets/target.js'
import type { LoweredEvaluation, LoweredUpdate } from '../4-lower/lowered.js'
import type { OptimizedUpdate } from '../7-optimize/stage.js'
import { type Cost, costOf } from './cost.js'
import { type Memory, memoryOf } from './memory.js'

/** A graph as it will run, and what a run of it takes. */
export interface Scheduled extends Omit<Schedule, 'liveness'> {
  readonly memory: Memory
  readonly cost: Cost
}

/** An update's graphs, by what they are for. */
export interface ScheduledUpdate {
  readonly lowered: LoweredUpdate
  readonly graphs: Readonly<Record<'step' | 'monitored' | 'micro' | 'prologue', Scheduled | null>> & {
    readonly step: Scheduled
  }
  /** What is computed for `cached`, for each data set of which. */
  readonly features: readonly Scheduled[]
}

/** With open rows shapes are operands, which no rule of types takes: such a graph is verified before it is opened. */
export function schedule(given: Graph, target: Target, rows: 'fixed' | 'open' = 'fixed'): Scheduled {
  const { liveness, ...laid } = target.schedule(given)
  if (rows === 'fixed') verified(laid.graph, 'scheduled')
  return { ...laid, memory: memoryOf(laid.graph, target.cost, liveness), cost: costOf(laid.graph) }
}

export function scheduleUpdate(
  lowered: LoweredUpdate,
  { step, monitored, micro, prologue, features }: OptimizedUpdate & { readonly features: readonly Graph[] },
  target: Target,
): ScheduledUpdate {
  const graphs = {
    step: schedule(step, target),
    monitored: monitored && schedule(monitored, target),
    micro: micro && schedule(micro, target),
    prologue: prologue && schedule(prologue, target),
  }
  return { lowered, graphs, features: features.map((graph) => schedule(graph, target)) }
}

/** An evaluation as optimised, with its graphs by case, then by part. */
export interface ScheduledEvaluation {
  readonly lowered: LoweredEvaluation
  readonly graphs: readonly (readonly Scheduled[])[]
}

export const scheduleEvaluation = (lowered: LoweredEvaluation, target: Target): ScheduledEvaluation => ({
  lowered,
  graphs: lowered.cases.map(({ parts }) => parts.map(({ graph }) => schedule(graph, target))),
})

/** The memory of the largest graph that an update runs. */
export function memoryOfUpdate({ graphs: { step, monitored, micro } }: ScheduledUpdate): Memory {
  const perStep = [step, monitored, micro].flatMap((g) => (g ? [g.memory] : []))
  return perStep.reduce((a, b) => (b.peak > a.peak ? b : a))
}

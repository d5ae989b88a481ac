import { Draft, type Graph } from '../../graph/graph.js'
import { verified } from '../../graph/verify.js'
import { type LoweredEvaluation, withGraphs } from '../4-lower/lowered.js'
import { type DifferentiatedUpdate, stepsOf } from '../6-differentiate/step.js'
import { optimizeForward } from '../5-optimize/index.js'
import { optimize } from './index.js'
import type { Optimised } from '../passes/run.js'
import type { PassContext } from '../passes/pass.js'
import type { Target } from '../../targets/target.js'
import { splitPrologue } from './prologue.js'

/** An update's graphs as they are emitted. */
export interface OptimizedUpdate {
  readonly step: Graph
  readonly monitored: Graph | null
  readonly micro: Graph | null
  readonly prologue: Graph | null
  readonly report: Optimised['report']
}

/** Optimises the graphs of an update. */
export function optimizeUpdate(
  update: DifferentiatedUpdate,
  target: Target,
  context: PassContext = {},
): OptimizedUpdate {
  const full = optimize(update.full, target, context)
  const micro = update.micro && optimize(update.micro, target, context)
  const { graphs, prologue } = splitPrologue([full.graph, ...(micro ? [micro.graph] : [])], context.draft)
  for (const graph of [...graphs, ...(prologue ? [prologue] : [])]) verified(graph, 'split from its prologue')
  const [main, last] = graphs
  if (!main) throw new Error('unreachable: the step is always there')
  return {
    ...stepsOf(main),
    micro: last ?? null,
    prologue,
    report: [...full.report, ...(micro?.report ?? [])],
  }
}

/** Optimises a graph that is not differentiated; its gradients must have been expanded. */
export function optimizeFunction(graph: Graph, target: Target): Graph {
  const context = { draft: new Draft() }
  return optimize(optimizeForward(graph, target, context).graph, target, context).graph
}

/** Optimises an evaluation's graphs; its gradients must have been expanded. */
export const optimizeEvaluation = (evaluation: LoweredEvaluation, target: Target): LoweredEvaluation =>
  withGraphs(evaluation, (graph) => optimizeFunction(graph, target))

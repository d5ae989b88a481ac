import type { Diagnostic } from '../diagnostics/diagnostic.js'
import type { Target } from '../targets/target.js'
import { type LoweredEvaluation, type LoweredExport, withGraphs } from './4-lower/lowered.js'
import { dropMarkers, expandGradients } from './6-differentiate/expand.js'
import { type OpenFunction, openFunction } from './7-optimize/open-function.js'
import { optimizeEvaluation, optimizeFunction } from './7-optimize/stage.js'
import { kernelProblems } from './8-schedule/kernel-problems.js'
import {
  type Scheduled,
  type ScheduledEvaluation,
  schedule,
  scheduleEvaluation,
} from './8-schedule/schedule.js'

export interface BuiltEvaluation {
  readonly scheduled: ScheduledEvaluation
  readonly diagnostics: readonly Diagnostic[]
}

/** Phases 5 to 8 of an evaluation, whose graphs are not trained. */
export function buildEvaluation(evaluation: LoweredEvaluation, target: Target): BuiltEvaluation {
  const expanded = withGraphs(evaluation, (graph) => dropMarkers(expandGradients(graph)))
  const scheduled = scheduleEvaluation(optimizeEvaluation(expanded, target), target)
  const graphs = scheduled.graphs.flat().map(({ graph }) => graph)
  return { scheduled, diagnostics: kernelProblems(graphs, target, evaluation.span) }
}

export interface BuiltFunction {
  readonly open: OpenFunction
  readonly scheduled: Scheduled
  readonly diagnostics: readonly Diagnostic[]
}

/** Phases 5 to 8 of a function that is exported. */
export function buildFunction(
  { name, span, said, graphs }: Extract<LoweredExport, { kind: 'function' }>,
  target: Target,
): BuiltFunction {
  const plain = graphs.map(({ rows, graph }) => ({ rows, graph: dropMarkers(expandGradients(graph)) }))
  const optimized = plain.map(({ rows, graph }) => ({ rows, graph: optimizeFunction(graph, target) }))
  const open = openFunction(name, said, optimized, plain)
  const scheduled = schedule(open.graph, target, 'open')
  return { open, scheduled, diagnostics: kernelProblems([scheduled.graph], target, span) }
}

import type { Diagnostic } from '../diagnostics/diagnostic.js'
import type { Graph } from '../graph/graph.js'
import { operator } from '../ops/registry.js'
import { missingKernels } from '../targets/kernels.js'
import type { Target } from '../targets/target.js'
import { type Lowered, partsOf } from './4-lower/lowered.js'
import { buildEvaluation, buildFunction } from './build-evaluation.js'
import { buildStage } from './build-stage.js'

/**
 * What the target has no kernels for. Passes may put something else in its place, so what is written with such
 * operators is built to know; nearly every pipeline has none of them, and is not.
 */
export function unrunnable({ stages, evaluations, exports }: Lowered, target: Target): readonly Diagnostic[] {
  // What only this compiler knows is gone before a graph is run.
  const isSuspect = (graph: Graph): boolean =>
    missingKernels(graph, target.kernels).some(({ node }) => operator(node.op).domain !== 'dcrc')
  const built = [
    ...stages
      .filter(({ updates }) => updates.some(({ graph }) => isSuspect(graph)))
      .map((s) => buildStage(s, target)),
    ...evaluations
      .filter((e) => partsOf(e).some((part) => isSuspect(part.graph)))
      .map((e) => buildEvaluation(e, target)),
    ...exports.flatMap((e) =>
      e.kind === 'function' && e.graphs.some(({ graph }) => isSuspect(graph))
        ? [buildFunction(e, target)]
        : [],
    ),
  ]
  return built.flatMap((b) => b.diagnostics.filter(({ severity }) => severity === 'error'))
}

import type { Graph } from '../../graph/graph.js'
import type { Target } from '../../targets/target.js'
import { anchorTargets } from '../passes/anchors.js'
import type { PassContext } from '../passes/pass.js'
import { type Optimised, runPasses } from '../passes/run.js'

/** Prepares a stage's forward graph for differentiation. */
export const optimizeForward = (
  graph: Graph,
  { passes: { forward } }: Target,
  context: PassContext = {},
): Optimised => runPasses(forward, anchorTargets(graph), context)

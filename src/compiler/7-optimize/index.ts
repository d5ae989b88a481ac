import type { Graph } from '../../graph/graph.js'
import type { Target } from '../../targets/target.js'
import type { PassContext } from '../passes/pass.js'
import { type Optimised, runPasses } from '../passes/run.js'

/** Optimises a differentiated graph. */
export const optimize = (graph: Graph, { passes: { step } }: Target, context: PassContext = {}): Optimised =>
  runPasses(step, graph, context)

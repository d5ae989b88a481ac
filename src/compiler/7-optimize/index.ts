import type { Graph } from '../../graph/graph.js'
import { foldConstants } from '../passes/fold-constants.js'
import { fuseMatmul } from '../passes/fuse-matmul.js'
import { hoistInvariants } from '../passes/hoist-invariants.js'
import { mergeCommon } from '../passes/merge-common.js'
import type { Pass, PassContext } from '../passes/pass.js'
import { type Optimised, runPasses } from '../passes/run.js'
import { shrinkSums } from '../passes/shrink-sums.js'
import { simplify } from '../passes/simplify/index.js'
import { sumRows } from '../passes/sum-rows.js'

/** After differentiation, in this order. */
export const passes: readonly Pass[] = [
  hoistInvariants,
  foldConstants,
  simplify,
  sumRows,
  mergeCommon,
  fuseMatmul,
  shrinkSums,
]

/** Optimises a differentiated graph. */
export const optimize = (graph: Graph, context: PassContext): Optimised => runPasses(passes, graph, context)

import type { Graph } from '../../graph/graph.js'
import { anchorTargets } from '../passes/anchors.js'
import { accumulateExact } from '../passes/accumulate-exact/index.js'
import { cancelShifts } from '../passes/cancel-shifts/index.js'
import { chunkPairs } from '../passes/chunk-pairs/index.js'
import { foldConstants } from '../passes/fold-constants.js'
import { fuseActivations } from '../passes/fuse-activations.js'
import { fuseMatmul } from '../passes/fuse-matmul.js'
import { mergeCommon } from '../passes/merge-common.js'
import type { Pass, PassContext } from '../passes/pass.js'
import { pushRepeats } from '../passes/push-repeats/index.js'
import { type Optimised, runPasses } from '../passes/run.js'
import { simplify } from '../passes/simplify/index.js'
import { splitProducts } from '../passes/split-products.js'

/**
 * Before differentiation, in this order: what the backward pass then inherits. Repetitions are pushed as long as they
 * stand by themselves: later their change of shape is one with that of what reads them. What cancels goes before, so
 * that less depends on them.
 */
export const forwardPasses: readonly Pass[] = [
  cancelShifts,
  accumulateExact,
  pushRepeats,
  splitProducts,
  foldConstants,
  simplify,
  fuseActivations,
  mergeCommon,
  fuseMatmul,
]

/** The same where pairs are computed in chunks. */
const chunkedPasses = forwardPasses.map((pass) => (pass === pushRepeats ? chunkPairs : pass))

/** Prepares a stage's forward graph for differentiation. */
export const optimizeForward = (graph: Graph, context: PassContext): Optimised =>
  runPasses(context.chunking ? chunkedPasses : forwardPasses, anchorTargets(graph), context)

import { accumulateExact } from '../../compiler/passes/accumulate-exact/index.js'
import { cancelShifts } from '../../compiler/passes/cancel-shifts/index.js'
import { chunkPairs } from '../../compiler/passes/chunk-pairs/index.js'
import { foldConstants } from '../../compiler/passes/fold-constants.js'
import { fuseActivations } from '../../compiler/passes/fuse-activations.js'
import { fuseMatmul } from '../../compiler/passes/fuse-matmul.js'
import { hoistInvariants } from '../../compiler/passes/hoist-invariants.js'
import { logicalWhere } from '../../compiler/passes/logical-where.js'
import { mergeCommon } from '../../compiler/passes/merge-common.js'
import type { Pass } from '../../compiler/passes/pass.js'
import { pushRepeats } from '../../compiler/passes/push-repeats/index.js'
import { shrinkSums } from '../../compiler/passes/shrink-sums.js'
import { simplify } from '../../compiler/passes/simplify/index.js'
import { splitProducts } from '../../compiler/passes/split-products.js'
import { sumRows } from '../../compiler/passes/sum-rows.js'
import { computeInF32 } from '../../compiler/passes/compute-in-f32.js'
import { kernels } from './kernels.js'

/**
 * Repetitions are pushed as long as they stand by themselves: later their change of shape is one with that of what
 * reads them. What cancels goes before, so that less depends on them.
 */
export const forward: readonly Pass[] = [
  cancelShifts,
  accumulateExact,
  chunkPairs,
  pushRepeats,
  splitProducts,
  foldConstants,
  simplify,
  fuseActivations,
  mergeCommon,
  fuseMatmul,
]

export const step: readonly Pass[] = [
  logicalWhere,
  computeInF32(() => kernels),
  hoistInvariants,
  foldConstants,
  simplify,
  sumRows,
  mergeCommon,
  fuseMatmul,
  shrinkSums,
]

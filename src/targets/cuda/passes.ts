import { argmaxByMax } from '../../compiler/passes/argmax-by-max.js'
import { equalBatches } from '../../compiler/passes/equal-batches.js'
import { equalParts } from '../../compiler/passes/equal-parts.js'
import { foldConstants } from '../../compiler/passes/fold-constants.js'
import { fuseMatmul } from '../../compiler/passes/fuse-matmul.js'
import { hoistInvariants } from '../../compiler/passes/hoist-invariants.js'
import { logicalWhere } from '../../compiler/passes/logical-where.js'
import { mergeCommon } from '../../compiler/passes/merge-common.js'
import type { Pass } from '../../compiler/passes/pass.js'
import { shrinkSums } from '../../compiler/passes/shrink-sums.js'
import { simplify } from '../../compiler/passes/simplify/index.js'
import { sumRows } from '../../compiler/passes/sum-rows.js'
import { computeInF32 } from '../../compiler/passes/compute-in-f32.js'
import { forward as less } from '../cpu/passes.js'
import { kernels } from './kernels.js'

/** What the processor's do is less work anywhere. */
export const forward: readonly Pass[] = [argmaxByMax, ...less]

/** Batches and parts are made equal behind what makes products and what would join parts again. */
export const step: readonly Pass[] = [
  logicalWhere,
  computeInF32(kernels),
  hoistInvariants,
  foldConstants,
  simplify,
  sumRows,
  mergeCommon,
  fuseMatmul,
  shrinkSums,
  equalBatches,
  equalParts,
  mergeCommon,
]

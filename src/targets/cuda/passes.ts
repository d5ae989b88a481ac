import { argmaxByMax } from '../../compiler/passes/argmax-by-max.js'
import { cancelShifts } from '../../compiler/passes/cancel-shifts/index.js'
import { computeNarrow } from '../../compiler/passes/compute-narrow/index.js'
import { equalBatches } from '../../compiler/passes/equal-batches.js'
import { equalParts } from '../../compiler/passes/equal-parts.js'
import { foldConstants } from '../../compiler/passes/fold-constants.js'
import { fuseMatmul } from '../../compiler/passes/fuse-matmul.js'
import { hoistInvariants } from '../../compiler/passes/hoist-invariants.js'
import { logicalWhere } from '../../compiler/passes/logical-where.js'
import { mergeCommon } from '../../compiler/passes/merge-common.js'
import type { Pass } from '../../compiler/passes/pass.js'
import { reduceInF32 } from '../../compiler/passes/reduce-in-f32.js'
import { shrinkSums } from '../../compiler/passes/shrink-sums.js'
import { simplify } from '../../compiler/passes/simplify/index.js'
import { sumRows } from '../../compiler/passes/sum-rows.js'
import { computeInF32 } from '../../compiler/passes/compute-in-f32.js'
import { forward as less } from '../cpu/passes.js'
import { kernelsOf } from './kernels.js'

/**
 * What the processor's do is less work anywhere. Types are narrow before chunks of rows become graphs of their own; what
 * cancels is found in the graph as it is written.
 */
export const forward: readonly Pass[] = [
  argmaxByMax,
  ...less.flatMap((pass) => (pass === cancelShifts ? [pass, computeNarrow] : [pass])),
]

/** Batches and parts are made equal behind what makes products and what would join parts again. */
export const step: readonly Pass[] = [
  logicalWhere,
  reduceInF32,
  computeInF32(kernelsOf),
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

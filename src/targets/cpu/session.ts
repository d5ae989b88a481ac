import { byteSize } from '../../graph/types.js'
import type { SessionModel } from '../session.js'

/**
 * Everything that onnxruntime would rewrite by itself at level `all`, but for the blocked layout of convolutions. Our
 * graphs come fused; its common-subexpression elimination would keep values alive that the layout frees, its constant
 * folding would copy frozen weights, and its DivMulFusion drops a quotient that has a second user.
 */
const rewrites = `
  CommonSubexpressionElimination ConstantFolding ConstantSharing ReshapeFusion NoopElimination
  EliminateIdentity EliminateSlice EliminateDropout UnsqueezeElimination ExpandElimination
  CastElimination CastChainElimination PreShapeNodeElimination DivMulFusion FuseReluClip
  GemmSumFusion GemmTransposeFusion NotWhereFusion ConvAddFusion ConvMulFusion ConvBNFusion
  Pad_Fusion MatMul_BatchNormalization_Fusion LabelEncoderFusion MatMulAddFusion MatMulScaleFusion
  MatmulTransposeFusion MatMulActivationFusion GemmActivationFusion GeluFusionL1 GeluFusionL2
  LayerNormFusionL1 LayerNormFusionL2 SimplifiedLayerNormFusion BiasGeluFusion FastGeluFusion
  QuickGeluFusion BiasSoftmaxFusion BiasDropoutFusion SkipLayerNormFusion AttentionFusion
  EmbedLayerNormFusion GatherToSliceFusion GatherSliceToSplitFusion
  SliceConcatToSpaceToDepthFusion BiasSkipLayerNormFusion NhwcTransformer
`

/** Above this the copies that onnxruntime makes of frozen weights cost more than they bring. */
export const mostCopiedBytes = 256e6

/**
 * Matrices packed for the kernels, a copy beside the mapped weights, save little where a weight is multiplied with
 * thousands of rows, as in large models.
 */
const unpacked = { disable_prepacking: '1' }

/**
 * Threads that wait for work sleep. Where nothing else runs, small steps take a tenth longer; beside other work (the
 * threads that decode pictures are some) those that spin take the time of those that they wait for.
 */
export const asleep = { 'intra_op.allow_spinning': '0' }

/** A memory pattern would double the footprint from the second run on. */
export const session = {
  provider: 'cpu',
  options: {
    // Each graph has a level of its own.
    graphOptimizationLevel: 'disabled',
    enableMemPattern: false,
    // Warnings of onnxruntime speak of its own passes, and of what our files hide from them; errors are thrown.
    logSeverityLevel: 4,
    extra: { optimization: { disable_specified_optimizers: rewrites.trim().split(/\s+/).join(';') } },
  },
  entries: ({ parameters, inputs }) => {
    const results = inputs.filter(({ role }) => role.kind === 'prologue')
    const bytes = [...parameters, ...results].reduce((sum, tensor) => sum + byteSize(tensor), 0)
    return { ...asleep, ...(bytes > mostCopiedBytes ? unpacked : {}) }
  },
} as const satisfies SessionModel

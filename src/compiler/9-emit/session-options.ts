import { type Graph } from '../../graph/graph.js'
import { byteSize } from '../../graph/types.js'
import type { GraphSpec } from '../../artefact/graphs.js'
import { initializersOf } from '../8-schedule/names.js'

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
/**
 * How a session must be created for our graphs; a memory pattern would double the footprint from the second run on.
 * The level is each graph's own: see `optimizationOf`.
 */
export const sessionOptions = {
  graphOptimizationLevel: 'disabled',
  enableMemPattern: false,
  // Warnings of onnxruntime speak of its own passes, and of what our files hide from them; errors are thrown.
  logSeverityLevel: 4,
  extra: { optimization: { disable_specified_optimizers: rewrites.trim().split(/\s+/).join(';') } },
} as const

/** Above this the copies that onnxruntime makes of frozen weights cost more than they bring. */
const mostCopiedBytes = 256e6

/**
 * `all` where there are convolutions with frozen weights: it lays them out in blocks of channels, which makes them
 * about twice as fast on small pictures.
 */
export function optimizationOf(graph: Graph): GraphSpec['optimization'] {
  const weights = initializersOf(graph).reduce((sum, { type }) => sum + byteSize(type), 0)
  return convolvesFrozen(graph) && weights <= mostCopiedBytes ? 'all' : 'disabled'
}

const convolvesFrozen = (graph: Graph): boolean =>
  graph.nodes.some(
    (node) =>
      (node.op === 'Conv' && node.inputs[1]?.source.kind === 'parameter') ||
      node.bodies.some((body) => convolvesFrozen(body.graph)),
  )

/**
 * Entries of a session's configuration. Matrices packed for the kernels, a copy beside the mapped weights, save little
 * where a weight is multiplied with thousands of rows, as in large models.
 */
export function sessionEntries({ parameters, inputs }: GraphSpec): Readonly<Record<string, string>> {
  const results = inputs.filter(({ role }) => role.kind === 'prologue')
  const bytes = [...parameters, ...results].reduce((sum, tensor) => sum + byteSize(tensor), 0)
  return bytes > mostCopiedBytes ? { disable_prepacking: '1' } : {}
}

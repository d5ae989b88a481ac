import type { Graph } from '../../graph/graph.js'
import { findNodes } from '../../graph/rewrite.js'
import type { DType } from '../../graph/types.js'
import type { Kernel, Kernels } from '../kernels.js'

const of =
  (...types: readonly DType[]) =>
  (operators: string, how: Omit<Kernel, 'types'> = {}): Kernels =>
    Object.fromEntries(operators.split(/\s+/).map((name) => [name, { types, ...how }]))

const all = ['f32', 'f16', 'bf16', 'f64', 'i64', 'i32', 'u8', 'bool'] as const
const floats = ['f32', 'f16', 'f64'] as const
const numbers = [...floats, 'i64', 'i32'] as const

/** Kernels that end with opset 21. */
const until21: Kernels = of(...floats)('Elu MaxPool Selu ThresholdedRelu')

/** Operators that have kernels in bf16 from opset 22 on. */
const from22: Kernels = of(
  ...floats,
  'bf16',
)('AveragePool Conv Cos HardSigmoid HardSwish Mish Sin Softplus Softsign')

/** The opset whose kernels a graph needs: the newest that has all of them. */
export const opsetOf = (graph: Graph): number =>
  findNodes(graph, ({ op }) => op in until21).length > 0 ? 21 : 22

/** The kernels for a graph, by its opset. */
export const kernelsOf = (graph: Graph): Kernels => (opsetOf(graph) === 21 ? kernelsOf21 : kernels)

/**
 * What onnxruntime 1.30 has on CUDA. A test asks the provider for every operator and type, which needs no device
 * (test/cuda).
 */
export const kernels: Kernels = {
  ...until21,
  ...from22,
  ...of(...all)(
    'Concat Expand Gather GatherElements Identity Reshape ScatterElements ScatterND Slice Split Transpose',
  ),
  ...of(...numbers, 'bf16')('Add Div Max Min Mod Mul Neg Pow ReduceSum Sub'),
  ...of(...numbers, 'bool')('Equal'),
  ...of(...numbers)('CumSum Greater GreaterOrEqual Less LessOrEqual ReduceMax ReduceMin TopK'),
  ...of(...floats, 'bf16', 'i64', 'bool')('GatherND'),
  ...of(...floats, 'i64')('Clip'),
  ...of(...floats, 'i32')('ReduceProd'),
  ...of(...floats, 'bool')('Pad'),
  ...of(
    ...floats,
    'bf16',
  )(
    `Abs Erf Exp FusedMatMul Gelu Gemm IsNaN MatMul QuickGelu ReduceMean Relu Sigmoid Sign Softmax
    Sqrt Tanh`,
  ),
  ...of(...floats)(`Ceil Floor LeakyRelu Log LogSoftmax Reciprocal Resize Round`),
  ...of(...floats)('ArgMax ArgMin', {
    refuses: { what: 'the last of several', of: ({ attributes }) => attributes['select_last_index'] === 1 },
  }),
  ...of(...floats)('ConvTranspose', {
    refuses: {
      what: 'three axes, or other padding behind than before',
      of: ({ attributes: { pads } }) => {
        if (!Array.isArray(pads)) return false
        const half = pads.length / 2
        return half > 2 || pads.some((pad, k) => pad !== pads[(k + half) % pads.length])
      },
    },
  }),
  ...of('f32', 'f16', 'bf16')('LayerNormalization'),
  ...of('f32')('GridSample'),
  ...of('bool')('And Not Or'),
  // Written as arithmetic on words of 64 bits.
  ...of('i64')('DropoutMask'),
  Cast: { types: all, result: true },
  Where: { types: [...numbers, 'bf16', 'u8'], operand: 1 },
}

export const kernelsOf21: Kernels = { ...kernels, ...of(...floats)(Object.keys(from22).join(' ')) }

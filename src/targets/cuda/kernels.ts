import type { DType } from '../../graph/types.js'
import type { Kernel, Kernels } from '../kernels.js'

const of =
  (...types: readonly DType[]) =>
  (operators: string, how: Omit<Kernel, 'types'> = {}): Kernels =>
    Object.fromEntries(operators.split(/\s+/).map((name) => [name, { types, ...how }]))

const all = ['f32', 'f16', 'bf16', 'f64', 'i64', 'i32', 'u8', 'bool'] as const
const floats = ['f32', 'f16', 'f64'] as const
const numbers = [...floats, 'i64', 'i32'] as const

/**
 * What onnxruntime 1.30 has on CUDA of opset 21. A test asks the provider for every operator and type, which
 * needs no device (test/cuda).
 */
export const kernels: Kernels = {
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
  ...of(...floats)(
    `AveragePool Ceil Conv Cos Elu Floor HardSigmoid HardSwish LeakyRelu Log LogSoftmax MaxPool Mish Reciprocal Resize
    Round Selu Sin Softplus Softsign ThresholdedRelu`,
  ),
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
  ...of('f32', 'bf16')('LayerNormalization'),
  ...of('f32')('GridSample'),
  ...of('bool')('And Not Or'),
  // Written as arithmetic on words of 64 bits.
  ...of('i64')('DropoutMask'),
  Cast: { types: all, result: true },
  Where: { types: [...numbers, 'bf16', 'u8'], operand: 1 },
}

import type { DType } from '../../graph/types.js'
import type { Kernel, Kernels } from '../kernels.js'

const of =
  (...types: readonly DType[]) =>
  (operators: string): Kernels =>
    Object.fromEntries(operators.split(/\s+/).map((name) => [name, { types }]))

const all = ['f32', 'f16', 'bf16', 'f64', 'i64', 'i32', 'u8', 'bool'] as const
const condition: Kernel = { types: ['f32', 'f16', 'f64', 'i64', 'i32', 'u8'], operand: 1 }
const cast: Kernel = { types: all, result: true }

/**
 * What onnxruntime 1.30 has on the CPU; in f16 it often computes in f32, with casts of its own. A test asks it for
 * every operator and type.
 */
export const kernels: Kernels = {
  ...of(...all)(
    'Concat Gather GatherElements GatherND Identity Reshape ScatterElements ScatterND Slice Split Transpose',
  ),
  ...of('f32', 'f16', 'f64', 'i64', 'i32', 'u8', 'bool')('Equal Expand Pad'),
  ...of(
    'f32',
    'f16',
    'f64',
    'i64',
    'i32',
  )(
    `Add ArgMax ArgMin Clip CumSum Div Greater GreaterOrEqual Less LessOrEqual Max Min Mod Mul Neg Pow ReduceMax
    ReduceMin ReduceProd ReduceSum Sub TopK`,
  ),
  ...of('f32', 'f16', 'bf16', 'f64')('IsNaN Sign'),
  ...of(
    'f32',
    'f16',
    'f64',
  )(
    `Abs Ceil Cos Exp Floor FusedMatMul Gemm GridSample Log LogSoftmax MatMul MaxPool QuickGelu Reciprocal
    ReduceMean Relu Round Sigmoid Sin Softmax Sqrt Tanh`,
  ),
  ...of(
    'f32',
    'f16',
  )(
    `Acos Acosh Asin Asinh Atan Atanh AveragePool Conv ConvTranspose Cosh Elu Erf Gelu HardSigmoid HardSwish LeakyRelu Mish
    Resize Selu Sinh Softplus Softsign Tan ThresholdedRelu`,
  ),
  ...of('f32', 'f16', 'bf16')('LayerNormalization'),
  ...of('f32')('Celu'),
  ...of('bool')('And Not Or'),
  // Written as arithmetic on words of 64 bits.
  ...of('i64')('DropoutMask'),
  Cast: cast,
  Where: condition,
}

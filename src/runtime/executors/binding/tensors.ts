import type { DType } from '../../../graph/types.js'
import { Tensor } from '../../onnxruntime.js'
import type { HostArray, HostTensor } from '../../tensors.js'

/** Element types in the binding's words; bf16 cannot cross a graph's boundary. */
const typeNames = {
  f32: 'float32',
  f16: 'float16',
  f64: 'float64',
  i64: 'int64',
  i32: 'int32',
  u8: 'uint8',
  bool: 'bool',
} as const

/** Wraps values without copying them. */
export function toTensor({ dtype, shape, data }: HostTensor): Tensor {
  if (dtype === 'bf16') throw new Error('bf16 cannot be fed to a graph')
  return new Tensor(typeNames[dtype], data as Float32Array, shape)
}

/** The values of a result, without copying them. */
export function fromTensor(tensor: Tensor): HostTensor {
  const dtype = (Object.keys(typeNames) as (keyof typeof typeNames)[]).find(
    (t) => typeNames[t] === tensor.type,
  )
  if (!dtype) throw new Error(`a graph gave a tensor of type ${tensor.type}`)
  return { dtype: dtype satisfies DType, shape: tensor.dims, data: tensor.data as HostArray }
}

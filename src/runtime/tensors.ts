import { type DType, bytesPerElement, elementCount } from '../graph/types.js'

/** Values in the machine's memory; f16 and bf16 as their bits, bool as 0 and 1. */
export type HostArray =
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>

/** A tensor on its way into or out of a graph; it can be posted between threads. */
export interface HostTensor {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly data: HostArray
}

/** Feeds and results by input and output name. */
export type HostTensors = Readonly<Record<string, HostTensor>>

/** The array of an element type over a buffer. */
export function hostArray(dtype: DType, buffer: ArrayBuffer, offset = 0, count?: number): HostArray {
  const length = count ?? (buffer.byteLength - offset) / bytesPerElement[dtype]
  switch (dtype) {
    case 'f32':
      return new Float32Array(buffer, offset, length)
    case 'f64':
      return new Float64Array(buffer, offset, length)
    case 'f16':
    case 'bf16':
      return new Uint16Array(buffer, offset, length)
    case 'i64':
      return new BigInt64Array(buffer, offset, length)
    case 'i32':
      return new Int32Array(buffer, offset, length)
    case 'u8':
    case 'bool':
      return new Uint8Array(buffer, offset, length)
  }
}

export const zeros = (dtype: DType, shape: readonly number[]): HostTensor => ({
  dtype,
  shape,
  data: hostArray(dtype, new ArrayBuffer(elementCount(shape) * bytesPerElement[dtype])),
})

/** Copies `from` into `into` at an element offset; both must hold the same kind of values. */
export function copyInto(into: HostArray, from: ArrayBufferView, at: number): void {
  if (from.constructor !== into.constructor) {
    throw new Error(`a ${from.constructor.name} cannot stand in a ${into.constructor.name}`)
  }
  const source = new Uint8Array(from.buffer, from.byteOffset, from.byteLength)
  new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(source, at * into.BYTES_PER_ELEMENT)
}

/** The values as f32, for reports and measures. */
export function toFloat32({ data }: HostTensor): Float32Array<ArrayBuffer> {
  if (data instanceof Float32Array) return data
  return Float32Array.from(data as Iterable<number | bigint>, Number)
}

/** The memory of the tensors, to hand over to another thread. */
export const buffersOf = (tensors: HostTensors): ArrayBuffer[] => [
  ...new Set(Object.values(tensors).map((t) => t.data.buffer)),
]

import type { onnx as Onnx } from 'onnx-proto'
import { type DType, type Tensor, type TensorType, byteSize, elementCount, tensor } from '../graph/types.js'
import { elementType, elementTypeName } from './element-types.js'
import { fromBfloat16, fromFloat16, int64 } from './numbers.js'
import { damaged, unsupported } from './problem.js'

/** Where the bytes of a tensor lie. */
export type Place =
  /** In the file itself, as they are in memory. */
  | { readonly kind: 'inline'; readonly offset: number; readonly length: number }
  /** In a file beside it. */
  | { readonly kind: 'external'; readonly location: string; readonly offset: number; readonly length: number }
  /** In the file, as protobuf's numbers: they must be converted. */
  | { readonly kind: 'typed' }

/** A tensor of a file, its type and length checked against each other. */
export interface FileTensor {
  readonly name: string
  readonly type: TensorType
  readonly place: Place
  readonly proto: Onnx.ITensorProto
}

/** Reads a part of a file beside the model; throws OnnxProblem. */
export type ReadExternal = (location: string, offset: number, length: number) => Uint8Array

/** Checks a tensor and finds its bytes. `file` are the bytes that it was decoded from. */
export function fileTensor(proto: Onnx.ITensorProto, file: Uint8Array, what: string): FileTensor {
  const name = proto.name ?? ''
  const code = proto.dataType ?? 0
  const dtype = elementType(code)
  if (!dtype) {
    const line = `${what} has the element type ${elementTypeName(code)}`
    return code === 0 ? damaged(`${what} has no element type`) : unsupported(line)
  }
  const shape = (proto.dims ?? []).map(int64)
  if (shape.some((d) => d < 0) || elementCount(shape) > 2 ** 36)
    return damaged(`${what} has the impossible shape [${shape.join(', ')}]`)
  const type = { dtype, shape }
  return { name, type, place: placeOf(proto, type, file, what), proto }
}

function placeOf(proto: Onnx.ITensorProto, type: TensorType, file: Uint8Array, what: string): Place {
  const length = byteSize(type)
  if (proto.dataLocation === 1) return externalPlace(proto, length, what)
  const raw = proto.rawData
  if (raw && raw.length > 0) {
    if (raw.length !== length) return damaged(`${what} holds ${raw.length} bytes, its shape takes ${length}`)
    return { kind: 'inline', offset: raw.byteOffset - file.byteOffset, length }
  }
  const count = typedValues(proto, type.dtype).length
  if (count !== elementCount(type.shape))
    return damaged(`${what} holds ${count} values, its shape takes ${elementCount(type.shape)}`)
  return { kind: 'typed' }
}

function externalPlace(proto: Onnx.ITensorProto, length: number, what: string): Place {
  const entries = new Map((proto.externalData ?? []).map((e) => [e.key ?? '', e.value ?? '']))
  const location = entries.get('location') ?? ''
  if (location === '') return damaged(`${what} lies in another file, which is not named`)
  const number = (key: string, otherwise: number): number => {
    const text = entries.get(key) ?? ''
    if (text === '') return otherwise
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN
    return Number.isNaN(value)
      ? damaged(`${what}: the ${key} of its external data is "${text.slice(0, 40)}"`)
      : value
  }
  const stated = number('length', length)
  if (stated !== length)
    return damaged(`${what}: its external data has ${stated} bytes, its shape takes ${length}`)
  return { kind: 'external', location, offset: number('offset', 0), length }
}

function typedValues(proto: Onnx.ITensorProto, dtype: DType): ArrayLike<unknown> {
  switch (dtype) {
    case 'f32':
      return proto.floatData ?? []
    case 'f64':
      return proto.doubleData ?? []
    case 'i64':
      return proto.int64Data ?? []
    default:
      return proto.int32Data ?? []
  }
}

/** The values of a tensor. Only what is small is read: constants of the graph, not weights. */
export function tensorValues({ type, place, proto }: FileTensor, external: ReadExternal): Tensor {
  const { dtype, shape } = type
  if (place.kind === 'typed') {
    const values = Array.from(typedValues(proto, dtype), (v) => int64OrFloat(v, dtype))
    return tensor(dtype, shape, values)
  }
  const bytes =
    place.kind === 'inline'
      ? (proto.rawData ?? new Uint8Array())
      : external(place.location, place.offset, place.length)
  return tensor(dtype, shape, fromBytes(bytes, dtype))
}

function int64OrFloat(value: unknown, dtype: DType): number {
  const number = int64(value as Parameters<typeof int64>[0])
  if (dtype === 'f16') return fromFloat16(number)
  if (dtype === 'bf16') return fromBfloat16(number)
  if (dtype === 'f32' || dtype === 'f64') return Number(value)
  return dtype === 'bool' ? Number(number !== 0) : number
}

function fromBytes(bytes: Uint8Array, dtype: DType): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const each = (size: number, read: (at: number) => number): Float64Array =>
    Float64Array.from({ length: bytes.length / size }, (_, i) => read(i * size))
  switch (dtype) {
    case 'f32':
      return each(4, (at) => view.getFloat32(at, true))
    case 'f64':
      return each(8, (at) => view.getFloat64(at, true))
    case 'f16':
      return each(2, (at) => fromFloat16(view.getUint16(at, true)))
    case 'bf16':
      return each(2, (at) => fromBfloat16(view.getUint16(at, true)))
    case 'i64':
      return each(8, (at) => int64(Number(view.getBigInt64(at, true))))
    case 'i32':
      return each(4, (at) => view.getInt32(at, true))
    case 'u8':
      return Float64Array.from(bytes)
    case 'bool':
      return Float64Array.from(bytes, (v) => Number(v !== 0))
  }
}

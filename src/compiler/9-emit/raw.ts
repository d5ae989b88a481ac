import type { DType, Tensor } from '../../graph/types.js'

/** A tensor's values as ONNX and safetensors store them: little-endian, row by row. */
export function rawBytes(t: Tensor): Uint8Array {
  const typed = typedArray(t.dtype, t.data)
  return new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength)
}

function typedArray(dtype: DType, values: Float64Array): ArrayBufferView {
  switch (dtype) {
    case 'f32':
      return new Float32Array(values)
    case 'f64':
      return values.slice()
    case 'f16':
      return Uint16Array.from(values, toFloat16)
    case 'bf16':
      return Uint16Array.from(values, toBfloat16)
    case 'i64':
      return BigInt64Array.from(Array.from(values, (v) => BigInt(v)))
    case 'i32':
      return new Int32Array(values)
    case 'u8':
    case 'bool':
      return new Uint8Array(values)
  }
}

const bits = new DataView(new ArrayBuffer(4))

/** The bits of the nearest bfloat16, ties to even. */
export function toBfloat16(value: number): number {
  bits.setFloat32(0, value)
  const word = bits.getUint32(0)
  if (Number.isNaN(value)) return 0x7fc0
  return ((word + 0x7fff + ((word >>> 16) & 1)) >>> 16) & 0xffff
}

/** The bits of the nearest float16, ties to even. */
export function toFloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7e00
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const magnitude = Math.abs(value)
  if (magnitude >= 65520) return sign | 0x7c00
  // The exponent of the last place: subnormals share that of 2^-14.
  const exponent = Math.max(magnitude === 0 ? -14 : Math.floor(Math.log2(magnitude)), -14)
  const places = roundHalfEven(magnitude / 2 ** (exponent - 10))
  // `places` counts units of the last place; a carry into 2048 moves to the next exponent by itself.
  return sign | (((exponent + 14) << 10) + places)
}

function roundHalfEven(x: number): number {
  const floor = Math.floor(x)
  const rest = x - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}

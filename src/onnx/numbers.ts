/** Beyond this doubles are not exact; ONNX files use the largest int64 for "to the end". */
const largest = Number.MAX_SAFE_INTEGER

type Int64 = number | { toNumber(): number } | null | undefined

/** An int64 of a decoded file; what a double cannot hold exactly becomes the nearest end of what it can. */
export function int64(value: Int64): number {
  const number = typeof value === 'number' ? value : (value?.toNumber() ?? 0)
  return Math.min(Math.max(number, -largest), largest)
}

/** The value of a half-precision float. */
export function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
}

const word = new DataView(new ArrayBuffer(4))

export function fromBfloat16(bits: number): number {
  word.setUint32(0, bits << 16)
  return word.getFloat32(0)
}

import { fromFloat16 } from '../onnx/numbers.js'
import type { NarrowFloat } from '../graph/types.js'

// Conversions between float types by their bits, fast enough for billions of weights.

/** The types that weights may be stored in. */
export const storedFloats = ['f32', 'f16', 'bf16', 'f64'] as const
export type StoredFloat = (typeof storedFloats)[number]

/** Stored values as f32, exact but for f64, of which the nearest is taken; what it cannot hold becomes infinite. */
export function toFloat32(bytes: ArrayBuffer, dtype: StoredFloat): Float32Array<ArrayBuffer> {
  if (dtype === 'f32') return new Float32Array(bytes)
  if (dtype === 'f64') return Float32Array.from(new Float64Array(bytes))
  const from = new Uint16Array(bytes)
  if (dtype === 'bf16') {
    const words = new Uint32Array(from.length)
    for (let i = 0; i < from.length; i++) words[i] = (from[i] ?? 0) << 16
    return new Float32Array(words.buffer)
  }
  halves ??= Float32Array.from({ length: 65536 }, (_, bits) => fromFloat16(bits))
  const into = new Float32Array(from.length)
  for (let i = 0; i < from.length; i++) into[i] = halves[from[i] ?? 0] ?? 0
  return into
}

/** The value of every half-precision float. */
let halves: Float32Array | undefined

/** Low bits of an f32 that each type does not have. */
const lost: Readonly<Record<NarrowFloat, number>> = { bf16: 16, f16: 13 }
/** Below this magnitude f16 has steps of 2^-24, and zeros. */
const smallestNormal = 2 ** -14

/**
 * Rounds values in place to the nearest of a narrower type, halves to even. Gives the index of the first finite value
 * that is too large for the type, or -1.
 */
export function roundInPlace(values: Float32Array, as: NarrowFloat): number {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const bits = lost[as]
  const half = 2 ** (bits - 1) - 1
  const mask = ~(2 ** bits - 1)
  const limit = as === 'f16' ? 0x47800000 : 0x7f800000 // the bits of 2^16, of infinity
  for (let i = 0; i < values.length; i++) {
    const word = words[i] ?? 0
    const magnitude = word & 0x7fffffff
    if (magnitude >= 0x7f800000) continue // infinities and NaN stay
    if (as === 'f16' && Math.abs(values[i] ?? 0) < smallestNormal) {
      // f32 has steps of 2^-24 between 1/2 and 1, so that adding 1/2 rounds to them
      const steps = Math.fround(Math.abs(values[i] ?? 0) + 0.5) - 0.5
      values[i] = word >>> 31 ? -steps : steps
      continue
    }
    const rounded = (word + half + ((word >>> bits) & 1)) & mask
    if ((rounded & 0x7fffffff) >= limit) return i
    words[i] = rounded
  }
  return -1
}

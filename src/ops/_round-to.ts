import type { DType } from '../graph/types.js'

const rounding: Readonly<Record<DType, (value: number) => number>> = {
  f32: (value) => value,
  f64: (value) => value,
  bf16: (value) => nearest(value, 8, -126),
  f16: (value) => overflow(nearest(value, 11, -14), 65504),
  i64: Math.trunc,
  i32: (value) => Math.trunc(value) | 0,
  u8: (value) => Math.trunc(value) & 255,
  bool: (value) => (value === 0 ? 0 : 1),
}

/** A number as an element type holds it. f32 keeps the double, so that the float64 reference stays exact. */
export const roundTo = (value: number, dtype: DType): number => rounding[dtype](value)

/** To `bits` significant bits, halves to even; below the smallest exponent the step stays the same (subnormals). */
function nearest(value: number, bits: number, smallest: number): number {
  if (value === 0 || !Number.isFinite(value)) return value
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(value))), smallest)
  const step = 2 ** (exponent - bits + 1)
  const scaled = value / step
  const low = Math.floor(scaled)
  const part = scaled - low
  const even = low % 2 === 0 ? low : low + 1
  return (part < 0.5 ? low : part > 0.5 ? low + 1 : even) * step
}

const overflow = (value: number, largest: number): number =>
  Math.abs(value) > largest ? Math.sign(value) * Infinity : value

import type { DType } from '../graph/types.js'

/** TensorProto.DataType of our element types. */
export const dataType: Readonly<Record<DType, number>> = {
  f32: 1,
  u8: 2,
  i32: 6,
  i64: 7,
  bool: 9,
  f16: 10,
  f64: 11,
  bf16: 16,
}

const ours = new Map(Object.entries(dataType).map(([name, code]) => [code, name as DType]))

/** Our element type of a TensorProto.DataType, if we have it. */
export const elementType = (code: number): DType | undefined => ours.get(code)

const others: Readonly<Record<number, string>> = {
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  8: 'string',
  12: 'uint32',
  13: 'uint64',
  14: 'complex64',
  15: 'complex128',
  17: 'float8e4m3fn',
  18: 'float8e4m3fnuz',
  19: 'float8e5m2',
  20: 'float8e5m2fnuz',
  21: 'uint4',
  22: 'int4',
  23: 'float4e2m1',
}

/** The name of an element type in ONNX's or our words. */
export const elementTypeName = (code: number): string => ours.get(code) ?? others[code] ?? `number ${code}`

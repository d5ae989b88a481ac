/** Element types, by their names in the language. */
export type DType = 'f32' | 'f16' | 'bf16' | 'f64' | 'i64' | 'i32' | 'u8' | 'bool'

export interface TensorType {
  readonly dtype: DType
  readonly shape: readonly number[]
}

export const isFloat = (dtype: DType): boolean =>
  dtype === 'f32' || dtype === 'f16' || dtype === 'bf16' || dtype === 'f64'

/** The types that weights can be rounded to. */
export const narrowFloats = ['bf16', 'f16'] as const
export type NarrowFloat = (typeof narrowFloats)[number]

export const isNarrow = (dtype: DType | null | undefined): dtype is NarrowFloat =>
  dtype === 'bf16' || dtype === 'f16'

export const bytesPerElement: Readonly<Record<DType, number>> = {
  f32: 4,
  f16: 2,
  bf16: 2,
  f64: 8,
  i64: 8,
  i32: 4,
  u8: 1,
  bool: 1,
}

export function elementCount(shape: readonly number[]): number {
  let count = 1
  for (let i = 0; i < shape.length; i++) count *= shape[i] ?? 1
  return count
}

/** No machine holds a larger tensor, and sizes stay exact numbers. */
export const maxElements = 2 ** 36

export const byteSize = (type: TensorType): number => elementCount(type.shape) * bytesPerElement[type.dtype]

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

export const formatType = (type: TensorType): string => `${type.dtype}[${type.shape.join(', ')}]`

/** A tensor of the float64 reference: every element type is held as doubles (bool as 0 and 1). */
export interface Tensor {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly data: Float64Array
}

export function tensor(dtype: DType, shape: readonly number[], data: ArrayLike<number>): Tensor {
  const values = new Float64Array(data)
  if (values.length !== elementCount(shape)) {
    throw new Error(`tensor: ${values.length} values for shape [${shape.join(', ')}]`)
  }
  return { dtype, shape: [...shape], data: values }
}

export const scalar = (value: number, dtype: DType = 'f32'): Tensor => tensor(dtype, [], [value])

/** The number that a tensor holds in every element. */
export function uniformValue({ data }: Tensor): number | undefined {
  const first = data[0]
  for (let i = 1; i < data.length; i++) if (data[i] !== first) return undefined
  return first
}

/** A text that tensors have in common where they are equal to the bit, so -0 is not 0. */
export function tensorKey(tensor: Tensor): string {
  const known = keys.get(tensor)
  if (known !== undefined) return known
  const { dtype, shape, data } = tensor
  // 0 equals -0, so a tensor of zeros is spelled out too.
  const same = uniformValue(tensor) || undefined
  const key = `${dtype}[${shape.join()}]${same ?? spelledOut(data)}`
  keys.set(tensor, key)
  return key
}

function spelledOut(data: Float64Array): string {
  return data.some((v) => Object.is(v, -0)) ? Array.from(data, numberText).join() : data.join()
}

/** A number in full, with the sign of -0. */
export const numberText = (x: number): string => (Object.is(x, -0) ? '-0' : String(x))

/** Graphs that one graph becomes share tensors, and each is spelled out once. */
const keys = new WeakMap<Tensor, string>()

/** Rows of unit length, row-major. */
export interface Rows {
  readonly data: Float32Array
  readonly count: number
  readonly width: number
}

/** Copies rows scaled to length 1; rows of zeros stay so. */
export function unitRows(data: Float32Array, width: number): Rows {
  const out = Float32Array.from(data)
  const count = width === 0 ? 0 : data.length / width
  for (let i = 0; i < count; i++) normalise(out.subarray(i * width, (i + 1) * width))
  return { data: out, count, width }
}

export const rowAt = ({ data, width }: Rows, row: number): Float32Array =>
  data.subarray(row * width, (row + 1) * width)

export function normalise(vector: Float32Array): void {
  const length = Math.sqrt(dot(vector, vector))
  if (length > 0) for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] ?? 0) / length
}

export const dot = (a: Float32Array, b: Float32Array): number => dotAt(a, 0, b, 0, a.length)

/** Four sums side by side, because one would wait for itself at each step. */
export function dotAt(a: Float32Array, aAt: number, b: Float32Array, bAt: number, width: number): number {
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  let j = 0
  for (; j + 3 < width; j += 4) {
    s0 += (a[aAt + j] ?? 0) * (b[bAt + j] ?? 0)
    s1 += (a[aAt + j + 1] ?? 0) * (b[bAt + j + 1] ?? 0)
    s2 += (a[aAt + j + 2] ?? 0) * (b[bAt + j + 2] ?? 0)
    s3 += (a[aAt + j + 3] ?? 0) * (b[bAt + j + 3] ?? 0)
  }
  for (; j < width; j++) s0 += (a[aAt + j] ?? 0) * (b[bAt + j] ?? 0)
  return s0 + s1 + s2 + s3
}

import type { Random } from './random.js'

/** Rounds of subspace iteration: enough for a start that is seen, not for eigenvectors to the last digit. */
const rounds = 100

/** The first two principal components of rows [n, width]: their coordinates [n, 2], by subspace iteration. */
export function principalPlane(data: Float32Array, width: number, random: Random): Float64Array {
  const n = data.length / width
  const mean = new Float64Array(width)
  for (let k = 0; k < data.length; k++) mean[k % width] = (mean[k % width] ?? 0) + (data[k] ?? 0) / n
  const centred = Float64Array.from(data, (value, k) => value - (mean[k % width] ?? 0))
  const axes = [0, 1].map(() => Float64Array.from({ length: width }, () => random() - 0.5))
  for (let round = 0; round < rounds; round++) {
    for (const [a, axis] of axes.entries()) {
      const along = projected(centred, width, axis)
      axis.fill(0)
      for (let i = 0; i < n; i++)
        for (let k = 0; k < width; k++)
          axis[k] = (axis[k] ?? 0) + (along[i] ?? 0) * (centred[i * width + k] ?? 0)
      const [first] = axes
      if (a === 1 && first) subtractAlong(axis, first)
      scaleToOne(axis)
    }
  }
  const [x, y] = axes.map((axis) => projected(centred, width, axis))
  return Float64Array.from({ length: 2 * n }, (_, k) => (k % 2 === 0 ? x : y)?.[k >> 1] ?? 0)
}

const projected = (rows: Float64Array, width: number, axis: Float64Array): Float64Array =>
  Float64Array.from({ length: rows.length / width }, (_, i) => dot(rows.subarray(i * width), axis))

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let k = 0; k < b.length; k++) sum += (a[k] ?? 0) * (b[k] ?? 0)
  return sum
}

function subtractAlong(vector: Float64Array, unit: Float64Array): void {
  const along = dot(vector, unit)
  for (let k = 0; k < vector.length; k++) vector[k] = (vector[k] ?? 0) - along * (unit[k] ?? 0)
}

function scaleToOne(vector: Float64Array): void {
  const length = Math.sqrt(dot(vector, vector))
  if (length > 0) for (let k = 0; k < vector.length; k++) vector[k] = (vector[k] ?? 0) / length
}

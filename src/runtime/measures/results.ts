import { matrix, type Matrix } from './math/ridge.js'
import type { EvaluationInput, Results } from './measure.js'

/** The result of a parameter that the pipeline must give. */
export function result({ results }: EvaluationInput, name: string): Results {
  const found = results[name]
  if (!found) throw new Error(`the evaluation has no result ${name}`)
  return found
}

/** Rows of a result whose first axis counts them, all further axes flattened. */
export function rowsOf({ shape, data }: Results): {
  readonly count: number
  readonly width: number
  readonly data: Float32Array
} {
  const count = shape[0] ?? 0
  return { count, width: count === 0 ? 0 : data.length / count, data }
}

/** The same in float64. */
export function matrixOf(results: Results): Matrix {
  const { count, width, data } = rowsOf(results)
  return matrix(count, width, Float64Array.from(data))
}

/** The rows of each label, in order of first appearance; without labels each row alone. */
export function rowsByLabel(count: number, labels: Results | undefined): readonly (readonly number[])[] {
  const groups = new Map<number, number[]>()
  for (let row = 0; row < count; row++) {
    const label = labels ? (labels.data[row] ?? 0) : row
    const group = groups.get(label)
    if (group) group.push(row)
    else groups.set(label, [row])
  }
  return [...groups.values()]
}

/** JSON has no NaN: what a diverged model measures is no number. */
export const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null)

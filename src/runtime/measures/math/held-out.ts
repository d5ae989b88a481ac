import { permutation, type Random } from './random.js'
import { fitRidge, type Matrix, pickRows, predictRidge } from './ridge.js'

/** How far the prediction of a group of rows is off, by column of the targets. */
export interface GroupError {
  /** Sum of squared errors of the prediction. */
  readonly residual: Float64Array
  /** Sum of squared distances to the mean of the rows that the map was fitted to. */
  readonly total: Float64Array
}

/** 1 - squared error / squared distance to the mean over some columns; `times` says how often each group counts. */
export function r2(errors: readonly GroupError[], from: number, to: number, times?: Int32Array): number {
  let [residual, total] = [0, 0]
  errors.forEach((error, g) => {
    const weight = times ? (times[g] ?? 0) : 1
    for (let j = from; j < to; j++) {
      residual += weight * (error.residual[j] ?? 0)
      total += weight * (error.total[j] ?? 0)
    }
  })
  return 1 - residual / total
}

/** The errors of each group under a ridge map fitted without its fold. */
export function heldOutErrors(
  x: Matrix,
  y: Matrix,
  groups: readonly (readonly number[])[],
  { folds, lambda, random }: { readonly folds: number; readonly lambda: number; readonly random: Random },
): GroupError[] {
  const place = permutation(groups.length, random)
  const foldOf = (group: number): number => (place[group] ?? 0) % folds
  return Array.from({ length: folds }, (_, fold) => fold).flatMap((fold) => {
    const seen = groups.flatMap((rows, g) => (foldOf(g) === fold ? [] : rows))
    const fit = fitRidge(pickRows(x, seen), pickRows(y, seen), lambda)
    return groups
      .filter((_, g) => foldOf(g) === fold)
      .map((rows) => {
        const predicted = predictRidge(fit, pickRows(x, rows)).data
        const residual = new Float64Array(y.columns)
        const total = new Float64Array(y.columns)
        pickRows(y, rows).data.forEach((value, i) => {
          const j = i % y.columns
          residual[j] = (residual[j] ?? 0) + (value - (predicted[i] ?? 0)) ** 2
          total[j] = (total[j] ?? 0) + (value - (fit.targetMean[j] ?? 0)) ** 2
        })
        return { residual, total }
      })
  })
}

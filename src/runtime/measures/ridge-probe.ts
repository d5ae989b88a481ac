import { readSettings } from '../../settings.js'
import declared from '../../evaluations/ridge-probe.js'
import { finiteOrNull, result, rowsByLabel, rowsOf } from './results.js'
import { permutation, seededRandom, type Random } from './math/random.js'
import { fitRidge, matrix, NotPositiveDefinite, pickRows, predictRidge, type Matrix } from './math/ridge.js'
import { deviation } from './math/statistics.js'
import type { KindMeasure, Results } from './measure.js'

/** Resamples of the held-out groups behind the deviation of R2. */
const resamples = 200

const ridgeProbe: KindMeasure = {
  name: declared.name,
  measure(input) {
    const read = readSettings(input.settings, declared.parameters)
    const x = toMatrix(result(input, 'features'))
    const y = toMatrix(result(input, 'target'))
    const random = seededRandom(input.seed)
    const groups = rowsByLabel(x.rows, input.results['group'])
    const folds = Math.min(read.number('folds'), groups.length)
    const facts = { rows: x.rows, groups: groups.length, folds }
    try {
      const errors = heldOutErrors(x, y, groups, folds, read.number('lambda'), random)
      const bootstrap = Array.from({ length: resamples }, () =>
        r2(errors.map(() => errors[Math.floor(random() * errors.length)] ?? { residual: 0, total: 0 })),
      )
      return { r2: finiteOrNull(r2(errors)), r2_std: finiteOrNull(deviation(bootstrap)), ...facts }
    } catch (error) {
      if (error instanceof NotPositiveDefinite) return { r2: null, r2_std: null, ...facts }
      throw error
    }
  },
}

interface GroupError {
  /** Sum of squared errors of the prediction. */
  readonly residual: number
  /** Sum of squared distances to the mean of the rows that the map was fitted to. */
  readonly total: number
}

const r2 = (errors: readonly GroupError[]): number =>
  1 - errors.reduce((sum, e) => sum + e.residual, 0) / errors.reduce((sum, e) => sum + e.total, 0)

function toMatrix(results: Results): Matrix {
  const { count, width, data } = rowsOf(results)
  return matrix(count, width, Float64Array.from(data))
}

/** The errors of each group under a map fitted without its fold. */
function heldOutErrors(
  x: Matrix,
  y: Matrix,
  groups: readonly (readonly number[])[],
  folds: number,
  lambda: number,
  random: Random,
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
        const wanted = pickRows(y, rows).data
        let residual = 0
        let total = 0
        wanted.forEach((value, i) => {
          residual += (value - (predicted[i] ?? 0)) ** 2
          total += (value - (fit.targetMean[i % y.columns] ?? 0)) ** 2
        })
        return { residual, total }
      })
  })
}

export default ridgeProbe

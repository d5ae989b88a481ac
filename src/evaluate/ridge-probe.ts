import { readSettings } from '../settings.js'
import { finiteOrNull, result, rowsByLabel, rowsOf, scalarProblem } from './input/results.js'
import type { EvaluationKind, EvaluationParameter, Results } from './kind.js'
import { permutation, seededRandom, type Random } from './math/random.js'
import { fitRidge, matrix, NotPositiveDefinite, pickRows, predictRidge, type Matrix } from './math/ridge.js'
import { deviation } from './math/statistics.js'

const parameters: readonly EvaluationParameter[] = [
  { name: 'features', kind: 'rows', group: 'rows', doc: 'The vector of a row.' },
  {
    name: 'target',
    kind: 'rows',
    group: 'rows',
    doc: 'What the vector should tell, e.g. the picture at 8 x 8 pixels.',
  },
  {
    name: 'group',
    kind: 'rows',
    group: 'rows',
    default: null,
    doc: 'Rows with the same number are held out together, e.g. the concept of an emoji; default: each row alone.',
  },
  {
    name: 'lambda',
    kind: 'float',
    default: 0.01,
    min: 0,
    doc: 'Weight of |W|^2 beside the mean squared error.',
  },
  { name: 'folds', kind: 'int', default: 5, min: 2, doc: 'Each fold of groups is held out once.' },
]

/** Resamples of the held-out groups behind the deviation of R2. */
const resamples = 200

/** How much of a target a linear map from the features tells: R2 on rows that the map was not fitted to. */
const ridgeProbe: EvaluationKind = {
  name: 'ridge_probe',
  doc: 'Ridge regression from features to a target, scored on held-out groups of rows.',
  parameters,
  metrics: [
    {
      name: 'r2',
      label: 'R²',
      better: 'higher',
      doc: '1 - squared error / squared distance to the mean, all targets together.',
    },
  ],
  problems: (given) => scalarProblem('group', given),
  measure(input) {
    const read = readSettings(input.settings, parameters)
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

import type { Json } from '../../artefact/json.js'
import { readSettings } from '../../settings.js'
import declared, { factors } from '../../evaluations/detail-probe.js'
import { estimate } from './estimate.js'
import { bootstrap, bootstrapMean } from './math/bootstrap.js'
import { heldOutErrors, r2 } from './math/held-out.js'
import { informative } from './math/means.js'
import { seededRandom, type Random } from './math/random.js'
import { type Matrix, matrix } from './math/ridge.js'
import { mean } from './math/statistics.js'
import { dot, rowAt, unitRows } from './math/unit-rows.js'
import type { EvaluationInput, KindMeasure } from './measure.js'
import { matrixOf, result, rowsByLabel, rowsOf } from './results.js'
import { RowsUnfit } from './rows-unfit.js'

type Metrics = Readonly<Record<string, Json>>

const detailProbe: KindMeasure = {
  name: declared.name,
  measure(input) {
    const read = readSettings(input.settings, declared.parameters)
    const lambda = read.number('lambda')
    const x = matrixOf(result(input, 'features'))
    const groups = rowsByLabel(x.rows, input.results['group'])
    const folds = read.number('folds')
    if (folds > groups.length)
      throw new RowsUnfit(`${folds} folds of ${groups.length} groups of rows`, 'ask for fewer `folds`')
    const random = seededRandom(input.seed)
    const targets = factors.flatMap(([name]) => {
      const given = input.results[name]
      return given ? [{ name, target: matrixOf(given) }] : []
    })
    const finite = [x, ...targets.map(({ target }) => target)].every(({ data }) =>
      data.every(Number.isFinite),
    )
    const explained = finite ? explainedOf(x, targets, groups, { folds, lambda, random }) : {}
    const names = targets.map(({ name }) => name)
    const between = finite ? informative(declared.metrics, names, explained, input.start) : []
    return {
      r2: between.length === 0 ? null : mean(between.map((name) => Number(explained[name]))),
      ...explained,
      ...scenes(input, random),
      rows: x.rows,
      groups: groups.length,
      folds,
      protocol: `ridge regression, lambda ${lambda}, from features to ${names.join(', ')}; ${folds} folds of ${groups.length} groups of ${x.rows} rows, each held out once; R² is their mean over ${between.join(', ') || 'none'}; interval over groups`,
    }
  },
}

/** R2 of each target, all fitted at once. */
function explainedOf(
  x: Matrix,
  targets: readonly { readonly name: string; readonly target: Matrix }[],
  groups: readonly (readonly number[])[],
  options: Parameters<typeof heldOutErrors>[3],
): Metrics {
  const columns = targets.reduce((sum, { target }) => sum + target.columns, 0)
  const y = matrix(x.rows, columns)
  const places = targets.map(({ target }, k) => {
    const from = targets.slice(0, k).reduce((sum, before) => sum + before.target.columns, 0)
    for (let row = 0; row < x.rows; row++)
      y.data.set(target.data.subarray(row * target.columns, (row + 1) * target.columns), row * columns + from)
    return [from, from + target.columns] as const
  })
  const errors = heldOutErrors(x, y, groups, options)
  const spreads = bootstrap(errors.length, options.random, (times) =>
    places.map(([from, to]) => r2(errors, from, to, times)),
  )
  return Object.assign(
    {},
    ...targets.map(({ name }, k) => {
      const [from = 0, to = 0] = places[k] ?? []
      const spread = spreads[k]
      return spread ? estimate(name, r2(errors, from, to), spread, { chance: 0 }) : {}
    }),
  ) as Metrics
}

/** How often a scene is nearer to the caption that is true of it; equal distances are wrong. */
function scenes({ results }: EvaluationInput, random: Random): Metrics {
  const { scene, right, wrong } = results
  if (!scene || !right || !wrong) return {}
  const unit = (of: typeof scene) => {
    const { data, width } = rowsOf(of)
    return unitRows(data, width)
  }
  const [shown, told, false_] = [unit(scene), unit(right), unit(wrong)]
  const hits = Array.from({ length: shown.count }, (_, row) =>
    dot(rowAt(shown, row), rowAt(told, row)) > dot(rowAt(shown, row), rowAt(false_, row)) ? 1 : 0,
  )
  const spread = bootstrapMean(
    hits.map((sum) => ({ sum, count: 1 })),
    random,
  )
  return { ...estimate('scenes', mean(hits), spread, { chance: 1 / 2 }), scene_rows: shown.count }
}

export default detailProbe

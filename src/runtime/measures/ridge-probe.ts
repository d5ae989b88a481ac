import { readSettings } from '../../settings.js'
import declared from '../../evaluations/ridge-probe.js'
import { estimate } from './estimate.js'
import { bootstrap } from './math/bootstrap.js'
import { heldOutErrors, r2 } from './math/held-out.js'
import { seededRandom } from './math/random.js'
import { NotPositiveDefinite } from './math/ridge.js'
import { matrixOf, result, rowsByLabel } from './results.js'
import type { KindMeasure } from './measure.js'

const ridgeProbe: KindMeasure = {
  name: declared.name,
  measure(input) {
    const read = readSettings(input.settings, declared.parameters)
    const x = matrixOf(result(input, 'features'))
    const y = matrixOf(result(input, 'target'))
    const random = seededRandom(input.seed)
    const lambda = read.number('lambda')
    const groups = rowsByLabel(x.rows, input.results['group'])
    const folds = Math.min(read.number('folds'), groups.length)
    const protocol = `ridge regression, lambda ${lambda}, ${folds} folds of ${groups.length} groups of ${x.rows} rows, each held out once; interval over groups`
    const facts = { rows: x.rows, groups: groups.length, folds, protocol }
    try {
      const errors = heldOutErrors(x, y, groups, { folds, lambda, random })
      const [spread] = bootstrap(errors.length, random, (times) => [r2(errors, 0, y.columns, times)])
      if (!spread) throw new Error('one statistic went in')
      return { ...estimate('r2', r2(errors, 0, y.columns), spread, { chance: 0 }), ...facts }
    } catch (error) {
      if (error instanceof NotPositiveDefinite) return { r2: null, r2_std: null, ...facts }
      throw error
    }
  },
}

export default ridgeProbe

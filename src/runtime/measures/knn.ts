import { readSettings } from '../../settings.js'
import declared from '../../evaluations/knn.js'
import { estimate } from './estimate.js'
import { bootstrapMean, sums } from './math/bootstrap.js'
import { seededRandom } from './math/random.js'
import { mean } from './math/statistics.js'
import { dotAt, unitRows } from './math/unit-rows.js'
import type { KindMeasure } from './measure.js'
import { RowsUnfit } from './rows-unfit.js'
import { trainAndTestOf } from './train-and-test.js'

const knn: KindMeasure = {
  name: declared.name,
  measure(input) {
    const read = readSettings(input.settings, declared.parameters)
    const [k, temperature] = [read.number('k'), read.number('temperature')]
    const { train, test, width, classes, groups } = trainAndTestOf(input)
    if (k > train.count)
      throw new RowsUnfit(`${k} neighbours of ${train.count} training rows`, 'ask for a smaller `k`')
    const [known, asked] = [unitRows(train.data, width), unitRows(test.data, width)]
    const cosines = new Float64Array(train.count)
    const right = Array.from(test.label, (own, row) => {
      for (let i = 0; i < train.count; i++)
        cosines[i] = dotAt(asked.data, row * width, known.data, i * width, width)
      const votes = new Float64Array(classes.length)
      for (const i of nearest(cosines, k)) {
        const of = train.label[i] ?? 0
        const weight = temperature === 0 ? 1 : Math.exp(((cosines[i] ?? NaN) - 1) / temperature)
        votes[of] = (votes[of] ?? 0) + weight
      }
      return votes.indexOf(Math.max(...votes)) === own ? 1 : 0
    })
    const spread = bootstrapMean(sums(groups, right), seededRandom(input.seed))
    const votes = temperature === 0 ? 'equal votes' : `votes exp(cosine / ${temperature})`
    return {
      ...estimate('accuracy', mean(right), spread, { chance: 1 / classes.length }),
      rows: test.count,
      train_rows: train.count,
      classes: classes.length,
      protocol: `${k} nearest of ${train.count} training rows by cosine, ${votes}; ${test.count} test rows of ${classes.length} classes; interval over ${groups.length} groups of test rows`,
    }
  },
}

/** The places of the k largest, the first of equals. */
function nearest(values: Float64Array, k: number): readonly number[] {
  const least = Float64Array.from(values).sort()[values.length - k] ?? -Infinity
  const above: number[] = []
  const equal: number[] = []
  values.forEach((value, i) => {
    if (value > least) above.push(i)
    else if (value === least) equal.push(i)
  })
  return [...above, ...equal.slice(0, k - above.length)]
}

export default knn

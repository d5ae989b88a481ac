import { readSettings } from '../../settings.js'
import declared, { inits } from '../../evaluations/clustering.js'
import { estimate } from './estimate.js'
import { result, rowsOf } from './results.js'
import { RowsUnfit } from './rows-unfit.js'
import { agreement, agreementByChance, agreementSpread } from './math/cluster-metrics.js'
import { nearestCentroids, sampleRows, sphericalKmeans } from './math/kmeans.js'
import { unitRows } from './math/unit-rows.js'
import { seededRandom } from './math/random.js'
import { deviation, mean } from './math/statistics.js'
import type { KindMeasure } from './measure.js'

const clustering: KindMeasure = {
  name: declared.name,
  measure(input) {
    const read = readSettings(input.settings, declared.parameters)
    const features = rowsOf(result(input, 'features'))
    const labels = result(input, 'label').data
    const classes = new Set(labels).size
    const clusters = read.number('clusters') || classes
    if (classes < 2) throw new RowsUnfit('all rows have the same label', 'compare with at least 2 classes')
    if (clusters > features.count)
      throw new RowsUnfit(
        `${clusters} clusters of ${features.count} rows`,
        'there are at most as many as rows',
      )
    if (!features.data.every(Number.isFinite)) return { ...noMetrics, rows: features.count }

    const rows = unitRows(features.data, features.width)
    const most = clusters * (read.number('train_rows') || Infinity)
    const restarts = read.number('restarts')
    const iterations = read.number('iterations')
    const init = inits.find((name) => name === read.string('init')) ?? 'k-means++'
    const runs = Array.from({ length: read.number('seeds') }, (_, seed) => {
      const random = seededRandom(input.seed, seed)
      const trained = sampleRows(rows, most, random)
      const { assignment, centroids } = sphericalKmeans(trained, clusters, random, {
        restarts,
        init,
        iterations,
      })
      return trained === rows ? assignment : nearestCentroids(rows, centroids)
    })

    const random = seededRandom(input.seed)
    const spread = agreementSpread(labels, runs, random)
    const chance = agreementByChance(labels, runs[0] ?? new Int32Array(), random)
    const agreements = runs.map((assignment) => agreement(labels, assignment))
    const over = (name: keyof typeof spread) => {
      const values = agreements.map((one) => one[name])
      return estimate(name, mean(values), spread[name], { chance: chance[name], std: deviation(values) })
    }
    const used = Math.min(most, rows.count)
    return {
      ...over('nmi'),
      ...over('acc'),
      ...over('ari'),
      rows: rows.count,
      clusters,
      seeds: runs.length,
      protocol: `spherical k-means on unit features, ${clusters} clusters trained on ${used} of ${rows.count} rows, ${init} starts, best of ${restarts}, at most ${iterations} rounds; mean of ${runs.length} seeds, deviation over seeds, interval over rows`,
    }
  },
}

/** Of features that are not finite. */
const noMetrics = { nmi: null, nmi_std: null, acc: null, acc_std: null, ari: null, ari_std: null }

export default clustering

import { readSettings } from '../../settings.js'
import declared from '../../evaluations/clustering.js'
import { result, rowsOf } from './results.js'
import { agreement } from './math/cluster-metrics.js'
import { sphericalKmeans, unitRows } from './math/kmeans.js'
import { seededRandom } from './math/random.js'
import { deviation, mean } from './math/statistics.js'
import type { KindMeasure } from './measure.js'

const clustering: KindMeasure = {
  name: declared.name,
  measure(input) {
    const read = readSettings(input.settings, declared.parameters)
    const features = rowsOf(result(input, 'features'))
    if (!features.data.every(Number.isFinite)) return { ...noMetrics, rows: features.count }
    const rows = unitRows(features.data, features.width)
    const labels = result(input, 'label').data
    const clusters = read.number('clusters') || new Set(labels).size
    const runs = Array.from({ length: read.number('seeds') }, (_, seed) => {
      const random = seededRandom(input.seed, seed)
      return agreement(labels, sphericalKmeans(rows, clusters, random, read.number('restarts')).assignment)
    })
    const [nmi, acc, ari] = (['nmi', 'acc', 'ari'] as const).map((name) => runs.map((run) => run[name]))
    if (!nmi || !acc || !ari) throw new Error('three metrics went in')
    return {
      nmi: mean(nmi),
      nmi_std: deviation(nmi),
      acc: mean(acc),
      acc_std: deviation(acc),
      ari: mean(ari),
      ari_std: deviation(ari),
      rows: rows.count,
      clusters,
      seeds: runs.length,
    }
  },
}

/** Of features that are not finite. */
const noMetrics = { nmi: null, nmi_std: null, acc: null, acc_std: null, ari: null, ari_std: null }

export default clustering

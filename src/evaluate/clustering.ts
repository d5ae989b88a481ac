import { readSettings } from '../settings.js'
import { result, rowsOf, scalarProblem } from './input/results.js'
import type { EvaluationKind, EvaluationParameter } from './kind.js'
import { agreement } from './math/cluster-metrics.js'
import { sphericalKmeans, unitRows } from './math/kmeans.js'
import { seededRandom } from './math/random.js'
import { deviation, mean } from './math/statistics.js'

const parameters: readonly EvaluationParameter[] = [
  { name: 'features', kind: 'rows', group: 'rows', doc: 'The vector of a row; its length does not matter.' },
  {
    name: 'label',
    kind: 'rows',
    group: 'rows',
    doc: 'The class of a row, a number that only stands for itself.',
  },
  { name: 'clusters', kind: 'int', default: 0, min: 0, doc: 'Number of clusters; 0 = number of classes.' },
  { name: 'seeds', kind: 'int', default: 10, min: 1, doc: 'Number of independent clusterings.' },
  {
    name: 'restarts',
    kind: 'int',
    default: 5,
    min: 1,
    doc: 'Starts per clustering, of which the best counts.',
  },
]

/** Zero-shot clustering: spherical k-means on features, compared with the classes; mean and deviation over seeds. */
const clustering: EvaluationKind = {
  name: 'clustering',
  doc: 'Clusters features with spherical k-means and compares the clusters with the classes.',
  parameters,
  metrics: [
    { name: 'nmi', label: 'NMI', better: 'higher', doc: 'Normalised mutual information, arithmetic mean.' },
    {
      name: 'acc',
      label: 'ACC',
      better: 'higher',
      doc: 'Accuracy under the best one-to-one map (Hungarian).',
    },
    { name: 'ari', label: 'ARI', better: 'higher', doc: 'Adjusted Rand index; 0 is chance.' },
  ],
  problems: (given) => scalarProblem('label', given),
  measure(input) {
    const read = readSettings(input.settings, parameters)
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

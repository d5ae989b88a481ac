import type { EvaluationKind, EvaluationParameter } from './kind.js'
import { scalarProblem } from './scalar-problem.js'

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
}

export default clustering

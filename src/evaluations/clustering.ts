import type { EvaluationKind, EvaluationParameter } from './kind.js'
import { scalarProblem } from './scalar-problem.js'

/** Where a run of k-means starts. */
export const inits = ['k-means++', 'random'] as const

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
  {
    name: 'train_rows',
    kind: 'int',
    default: 0,
    min: 0,
    doc: 'On how many rows a cluster the centroids are trained, drawn from all; then all rows are assigned. faiss takes 256. 0 = all rows.',
  },
  { name: 'iterations', kind: 'int', default: 300, min: 1, doc: 'Rounds of a start at most.' },
  {
    name: 'init',
    kind: 'string',
    default: 'k-means++',
    choices: inits,
    doc: 'Starts at rows far apart, or at random rows as faiss does.',
  },
]

/** Zero-shot clustering: spherical k-means on features, compared with the classes; mean and deviation over seeds. */
const clustering: EvaluationKind = {
  name: 'clustering',
  doc: 'Clusters features with spherical k-means and compares the clusters with the classes. `restarts = 20, train_rows = 256, init = "random"` is the protocol of TAC (Li et al. 2024), which the DCR paper follows.',
  parameters,
  metrics: [
    {
      name: 'nmi',
      label: 'NMI',
      better: 'higher',
      perfect: 1,
      doc: 'Normalised mutual information, arithmetic mean.',
    },
    {
      name: 'acc',
      label: 'ACC',
      better: 'higher',
      perfect: 1,
      doc: 'Accuracy under the best one-to-one map (Hungarian).',
    },
    { name: 'ari', label: 'ARI', better: 'higher', perfect: 1, doc: 'Adjusted Rand index; 0 is chance.' },
  ],
  problems: (given) => scalarProblem('label', given),
}

export default clustering

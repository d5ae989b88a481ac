import type { EvaluationKind } from './kind.js'
import { scalarProblem } from './scalar-problem.js'

/** Where features lie, on a plane, for the eye: the report draws it. */
const tsne: EvaluationKind = {
  name: 'tsne',
  doc: 'Places rows on a plane so that neighbours by their features stay neighbours (t-SNE, van der Maaten and Hinton 2008, exact, from the first two principal components), for the report to draw by class. It is for the eye and measures nothing: distances between groups have no meaning.',
  parameters: [
    { name: 'features', kind: 'rows', group: 'rows', doc: 'The vector of a row, taken as it is.' },
    { name: 'label', kind: 'rows', group: 'rows', doc: 'The class of a row, which gives its colour.' },
    {
      name: 'perplexity',
      kind: 'float',
      default: 30,
      min: 1,
      doc: 'How many neighbours a row has, about; less than a third of the rows.',
    },
    {
      name: 'most',
      kind: 'int',
      default: 1000,
      min: 4,
      doc: 'Of more rows so many are taken, evenly over their order. Time grows with its square.',
    },
    { name: 'iterations', kind: 'int', default: 1000, min: 250, doc: 'Steps of gradient descent.' },
  ],
  metrics: [],
  problems: (given) => scalarProblem('label', given),
}

export default tsne

import type { EvaluationKind } from './kind.js'
import { scalarProblem } from './scalar-problem.js'

/** The mean of a scalar, e.g. a loss, over random batches. */
const average: EvaluationKind = {
  name: 'average',
  doc: 'The mean of a scalar over random batches and its standard error.',
  parameters: [
    { name: 'value', kind: 'batch', doc: 'A scalar of one batch.' },
    { name: 'batches', kind: 'int', default: 16, min: 1, doc: 'Number of random batches.' },
  ],
  metrics: [{ name: 'mean', label: 'mean', better: 'neither', doc: 'Mean over batches.' }],
  problems: (given) => scalarProblem('value', given),
}

export default average

import { finiteOrNull, result, scalarProblem } from './input/results.js'
import type { EvaluationKind } from './kind.js'
import { deviation, mean } from './math/statistics.js'

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
  measure(input) {
    const values = Array.from(result(input, 'value').data)
    return {
      mean: finiteOrNull(mean(values)),
      mean_std: finiteOrNull(deviation(values) / Math.sqrt(values.length)),
      batches: values.length,
    }
  },
}

export default average

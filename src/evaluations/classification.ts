import type { EvaluationKind, EvaluationParameter } from './kind.js'
import { scalarProblem } from './scalar-problem.js'

const parameters: readonly EvaluationParameter[] = [
  { name: 'logits', kind: 'rows', group: 'rows', doc: 'The logit of each class, [k].' },
  {
    name: 'label',
    kind: 'rows',
    group: 'rows',
    doc: 'The class of a row, 0 to k - 1; a row with `ignore_index` is left out.',
  },
  { name: 'k', kind: 'int', default: 5, min: 1, doc: 'Of `top_k`.' },
  { name: 'ignore_index', kind: 'int', default: -100, doc: 'The label of rows without a class.' },
]

/** How well a classifier does on rows that it need not have seen, each counted once. */
const classification: EvaluationKind = {
  name: 'classification',
  doc: 'Compares logits with the class of each row. A label that is no class makes all metrics null. Where the data name their classes, `eval.json` and the report also hold the accuracy of each.',
  parameters,
  metrics: [
    {
      name: 'accuracy',
      label: 'accuracy',
      better: 'higher',
      doc: 'Share of rows whose class has the largest logit, the first of equal ones.',
    },
    {
      name: 'top_k',
      label: 'top k',
      better: 'higher',
      doc: 'Share of rows whose class is among the k largest logits; null where there are no more than k classes.',
    },
    { name: 'loss', label: 'loss', better: 'lower', doc: 'Mean cross entropy over rows, in nats.' },
  ],
  problems(given) {
    const shape = given.shapes['logits'] ?? []
    if (shape.length === 1 && (shape[0] ?? 0) >= 2) return scalarProblem('label', given)
    const message = `it must be the logits of at least 2 classes, [k], not of shape [${shape.join(', ')}]`
    return [{ parameter: 'logits', message }]
  },
}

export default classification

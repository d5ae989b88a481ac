import type { EvaluationKind, EvaluationParameter } from './kind.js'
import { trainAndTest, trainAndTestProblems } from './train-and-test.js'

const parameters: readonly EvaluationParameter[] = [
  ...trainAndTest,
  {
    name: 'l2',
    kind: 'floats',
    default: [1e-4],
    min: 0,
    doc: "Weight of |W|^2 / 2 beside the mean cross entropy, 1 / (C n) of scikit-learn's C. Of several the best on a fifth of the training rows, held out for that, is taken.",
  },
  {
    name: 'standardise',
    kind: 'bool',
    default: false,
    doc: 'Features are brought to mean 0 and deviation 1 by the training rows.',
  },
  { name: 'iterations', kind: 'int', default: 1000, min: 1, doc: 'Of L-BFGS at most.' },
]

const linearProbe: EvaluationKind = {
  name: 'linear_probe',
  doc: 'Multinomial logistic regression on features of one data set, measured on another. The bias has no penalty.',
  parameters,
  metrics: [
    {
      name: 'accuracy',
      label: 'linear probe',
      better: 'higher',
      perfect: 1,
      doc: 'Share of test rows whose class has the largest logit.',
    },
    { name: 'loss', label: 'loss', better: 'lower', doc: 'Mean cross entropy of test rows, in nats.' },
  ],
  problems: (given) => {
    const { l2 } = given.settings
    const empty = Array.isArray(l2) && l2.length === 0
    return [
      ...(empty ? [{ parameter: 'l2', message: 'it names no value' }] : []),
      ...trainAndTestProblems(given),
    ]
  },
}

export default linearProbe

import type { EvaluationKind, EvaluationParameter } from './kind.js'
import { trainAndTest, trainAndTestProblems } from './train-and-test.js'

const parameters: readonly EvaluationParameter[] = [
  ...trainAndTest,
  { name: 'k', kind: 'int', default: 20, min: 1, doc: 'How many neighbours vote.' },
  {
    name: 'temperature',
    kind: 'float',
    default: 0,
    min: 0,
    doc: 'A vote weighs exp(cosine / temperature), as in DINO with 0.07; 0 = votes are equal.',
  },
]

const knn: EvaluationKind = {
  name: 'knn',
  doc: 'The nearest rows of one data set, by cosine, vote on the class of each row of another; of equal classes the least number wins.',
  parameters,
  metrics: [
    {
      name: 'accuracy',
      label: 'k-NN accuracy',
      better: 'higher',
      perfect: 1,
      doc: 'Share of test rows whose class wins.',
    },
  ],
  problems: trainAndTestProblems,
}

export default knn

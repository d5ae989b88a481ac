import type { EvaluationKind, EvaluationParameter } from './kind.js'
import { scalarProblem } from './scalar-problem.js'

const parameters: readonly EvaluationParameter[] = [
  { name: 'features', kind: 'rows', group: 'rows', doc: 'The vector of a row.' },
  {
    name: 'target',
    kind: 'rows',
    group: 'rows',
    doc: 'What the vector should tell, e.g. the picture at 8 x 8 pixels.',
  },
  {
    name: 'group',
    kind: 'rows',
    group: 'rows',
    default: null,
    doc: 'Rows with the same number are held out together, e.g. the concept of an emoji; default: each row alone.',
  },
  {
    name: 'lambda',
    kind: 'float',
    default: 0.01,
    min: 0,
    doc: 'Weight of |W|^2 beside the mean squared error.',
  },
  { name: 'folds', kind: 'int', default: 5, min: 2, doc: 'Each fold of groups is held out once.' },
]

/** How much of a target a linear map from the features tells: R2 on rows that the map was not fitted to. */
const ridgeProbe: EvaluationKind = {
  name: 'ridge_probe',
  doc: 'Ridge regression from features to a target, scored on held-out groups of rows.',
  parameters,
  metrics: [
    {
      name: 'r2',
      label: 'R²',
      better: 'higher',
      perfect: 1,
      doc: '1 - squared error / squared distance to the mean, all targets together.',
    },
  ],
  problems: (given) => scalarProblem('group', given),
}

export default ridgeProbe

import type { EvaluationKind } from './kind.js'
import { scalarProblem } from './scalar-problem.js'

/** Scatter of features within and between classes: Eq. 4 and 5 of the DCR paper. */
const scatter: EvaluationKind = {
  name: 'scatter',
  doc: 'Mean squared distance of features to their class mean (Eq. 4) and between class means (Eq. 5).',
  parameters: [
    { name: 'features', kind: 'rows', group: 'rows', doc: 'The vector of a row, taken as it is.' },
    { name: 'label', kind: 'rows', group: 'rows', doc: 'The class of a row.' },
    {
      name: 'group',
      kind: 'rows',
      group: 'rows',
      default: null,
      doc: 'Rows with the same number are drawn together for the interval; default: each row alone.',
    },
  ],
  metrics: [
    {
      name: 's_inner',
      label: 'S inner',
      better: 'lower',
      doc: 'Eq. 4, mean over classes of the mean over rows.',
    },
    {
      name: 's_inter',
      label: 'S inter',
      better: 'higher',
      doc: 'Eq. 5, mean over ordered pairs of classes.',
    },
    {
      name: 'ratio',
      label: 'S inter / S inner',
      better: 'higher',
      doc: 'Their ratio, which no scale of features changes.',
    },
  ],
  problems: (given) => [...scalarProblem('label', given), ...scalarProblem('group', given)],
}

export default scatter

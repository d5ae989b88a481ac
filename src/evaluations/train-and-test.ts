import type { EvaluationParameter, GivenArguments } from './kind.js'
import { scalarProblem } from './scalar-problem.js'
import { widthProblem } from './width-problem.js'

/** Of a kind that learns from the rows of one data set and is measured on those of another. */
export const trainAndTest: readonly EvaluationParameter[] = [
  { name: 'train', kind: 'rows', group: 'train', doc: 'The vector of a row to learn from.' },
  { name: 'train_label', kind: 'rows', group: 'train', doc: 'Its class.' },
  { name: 'test', kind: 'rows', group: 'test', doc: 'The vector of a row to measure.' },
  { name: 'test_label', kind: 'rows', group: 'test', doc: 'Its class.' },
  {
    name: 'test_group',
    kind: 'rows',
    group: 'test',
    default: null,
    doc: 'Rows with the same number belong together, e.g. pictures of one person; the interval is over groups. Default: each row alone.',
  },
]

export const trainAndTestProblems = (given: GivenArguments): { parameter: string; message: string }[] => [
  ...scalarProblem('train_label', given),
  ...scalarProblem('test_label', given),
  ...scalarProblem('test_group', given),
  ...widthProblem('test', 'train', given),
]

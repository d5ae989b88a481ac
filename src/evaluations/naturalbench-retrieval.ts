import type { EvaluationKind, EvaluationParameter, Metric } from './kind.js'
import { scalarProblem } from './scalar-problem.js'
import { widthProblem } from './width-problem.js'

const parameters: readonly EvaluationParameter[] = [
  { name: 'image', kind: 'rows', group: 'rows', doc: "The vector of a row's picture." },
  { name: 'text', kind: 'rows', group: 'rows', doc: "The vector of a row's caption." },
  { name: 'pair', kind: 'rows', group: 'rows', doc: 'The number of its pair; two rows have it.' },
]

const metric = (name: string, label: string, doc: string): Metric => ({
  name,
  label,
  better: 'higher',
  perfect: 1,
  doc,
})

const naturalbenchRetrieval: EvaluationKind = {
  name: 'naturalbench_retrieval',
  doc: "Two pictures and two captions that fit one each, as in NaturalBench-Retrieval and Winoground (Thrush et al. 2022), whose scores these are. The source `naturalbench_retrieval` reads NaturalBench's files.",
  parameters,
  metrics: [
    metric('text_score', 'text', 'Share of pairs in which each picture is nearer to its own caption.'),
    metric('image_score', 'image', 'Share of pairs in which each caption is nearer to its own picture.'),
    metric('group_score', 'group', 'Share of pairs in which both hold.'),
  ],
  problems: (given) => [...scalarProblem('pair', given), ...widthProblem('text', 'image', given)],
}

export default naturalbenchRetrieval

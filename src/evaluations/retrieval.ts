import type { EvaluationKind, EvaluationParameter } from './kind.js'
import { scalarProblem } from './scalar-problem.js'
import { widthProblem } from './width-problem.js'

const parameters: readonly EvaluationParameter[] = [
  { name: 'image', kind: 'rows', group: 'images', doc: 'The vector of a picture.' },
  {
    name: 'image_id',
    kind: 'rows',
    group: 'images',
    doc: 'Its number; rows with the same number are one picture, of which the first counts.',
  },
  { name: 'text', kind: 'rows', group: 'texts', doc: 'The vector of a caption.' },
  {
    name: 'text_id',
    kind: 'rows',
    group: 'texts',
    doc: 'The number of its picture; a picture may have several.',
  },
  { name: 'k', kind: 'int', default: 5, min: 1, doc: 'How many of the nearest are looked at.' },
]

/** Pictures found by their captions, and captions by their picture. */
const retrieval: EvaluationKind = {
  name: 'retrieval',
  doc: 'Recall at k by cosine, both ways, over all pictures and captions, as CLIP_benchmark has it.',
  parameters,
  metrics: [
    {
      name: 'image_recall',
      label: 'image recall',
      better: 'higher',
      perfect: 1,
      doc: 'Share of captions whose picture is among the k nearest pictures.',
    },
    {
      name: 'text_recall',
      label: 'text recall',
      better: 'higher',
      perfect: 1,
      doc: 'Share of pictures with a caption of their own among the k nearest captions.',
    },
  ],
  problems: (given) => [
    ...scalarProblem('image_id', given),
    ...scalarProblem('text_id', given),
    ...widthProblem('text', 'image', given),
  ],
}

export default retrieval

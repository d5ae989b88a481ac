import type { EvaluationKind, EvaluationParameter } from './kind.js'
import { scalarProblem } from './scalar-problem.js'
import { widthProblem } from './width-problem.js'

const parameters: readonly EvaluationParameter[] = [
  { name: 'image', kind: 'rows', group: 'images', doc: 'The vector of a picture.' },
  { name: 'label', kind: 'rows', group: 'images', doc: 'Its class.' },
  { name: 'text', kind: 'rows', group: 'texts', doc: 'The vector of a prompt; a class may have several.' },
  { name: 'text_label', kind: 'rows', group: 'texts', doc: 'The class of the prompt.' },
  {
    name: 'partial',
    kind: 'bool',
    default: false,
    doc: 'Classes may be without pictures, as where `limit` takes a few of many.',
  },
]

/** Pictures classified by the texts of their classes. */
const zeroShot: EvaluationKind = {
  name: 'zero_shot',
  doc: 'Classifies pictures by the nearest class: the mean of its prompts, each of length 1, as CLIP_benchmark has it. `class_prompts` makes prompts of names and templates.',
  parameters,
  metrics: [
    {
      name: 'accuracy',
      label: 'accuracy',
      better: 'higher',
      perfect: 1,
      doc: 'Share of pictures whose class is nearest.',
    },
    {
      name: 'class_accuracy',
      label: 'mean class accuracy',
      better: 'higher',
      perfect: 1,
      doc: 'The same share for each class, averaged over classes.',
    },
  ],
  problems: (given) => [
    ...scalarProblem('label', given),
    ...scalarProblem('text_label', given),
    ...widthProblem('text', 'image', given),
  ],
}

export default zeroShot

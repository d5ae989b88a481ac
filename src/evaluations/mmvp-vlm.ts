import type { EvaluationKind, EvaluationParameter, Metric } from './kind.js'
import { scalarProblem } from './scalar-problem.js'
import { widthProblem } from './width-problem.js'

const parameters: readonly EvaluationParameter[] = [
  { name: 'image', kind: 'rows', group: 'rows', doc: "The vector of a row's picture." },
  { name: 'text', kind: 'rows', group: 'rows', doc: "The vector of a row's statement." },
  {
    name: 'number',
    kind: 'rows',
    group: 'rows',
    doc: "The row's number in the file: an odd one and the next are a pair.",
  },
]

/** The nine visual patterns, 15 pairs each, in the order of the file. */
export const patterns = [
  ['orientation', 'Orientation and direction'],
  ['presence', 'Presence of specific features'],
  ['state', 'State and condition'],
  ['quantity', 'Quantity and count'],
  ['position', 'Positional and relational context'],
  ['colour', 'Colour and appearance'],
  ['structure', 'Structural and physical characteristics'],
  ['texts', 'Texts'],
  ['viewpoint', 'Viewpoint and perspective'],
] as const

const metric = (name: string, label: string, doc: string): Metric => ({
  name,
  label,
  better: 'higher',
  perfect: 1,
  doc,
})

/**
 * Fine-grained perception without a language model (Tong et al. 2024). That of MMVP for language models has known errors
 * of labels; here nothing is labelled but which statement belongs to which picture.
 */
const mmvpVlm: EvaluationKind = {
  name: 'mmvp_vlm',
  doc: 'MMVP-VLM: two pictures that differ in one detail, a statement of each. A pair is right if each statement is nearer to its own picture than to the other. The source `mmvp_vlm` reads the files. Source: Tong et al. 2024, and the script that is published with it.',
  parameters,
  metrics: [
    metric(
      'accuracy',
      'MMVP-VLM',
      'Share of all pairs that are right, which is also the mean over the nine patterns.',
    ),
    metric(
      'informative',
      'between floor and ceiling',
      'The mean over the patterns that are neither at the floor nor at the ceiling; null where none is.',
    ),
    ...patterns.map(([name, label]) => metric(name, label, `Share of right pairs of the pattern: ${label}.`)),
  ],
  problems: (given) => [...scalarProblem('number', given), ...widthProblem('text', 'image', given)],
}

export default mmvpVlm

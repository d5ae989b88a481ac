import type { EvaluationKind, EvaluationParameter, Metric } from './kind.js'
import { scalarProblem } from './scalar-problem.js'
import { widthProblem } from './width-problem.js'

/** What a linear map may read from the features, each a parameter and a metric. */
export const factors = [
  ['pixels', 'The picture at 8 x 8 pixels, or any other small form of it.'],
  ['position', 'Where what is shown lies: how far it was moved, right and down.'],
  ['rotation', 'The angle by which it was turned.'],
  ['scale', 'By how much it was enlarged.'],
  ['hue', 'By how much its hue was turned.'],
  ['mirror', 'Whether it was mirrored.'],
] as const

const parameters: readonly EvaluationParameter[] = [
  { name: 'features', kind: 'rows', group: 'pictures', doc: 'The vector of a transformed picture.' },
  ...factors.map(([name, doc]): EvaluationParameter => ({
    name,
    kind: 'rows',
    group: 'pictures',
    default: null,
    doc,
  })),
  {
    name: 'group',
    kind: 'rows',
    group: 'pictures',
    default: null,
    doc: 'Rows with the same number are held out together; default: each row alone.',
  },
  { name: 'scene', kind: 'rows', group: 'scenes', default: null, doc: 'The vector of a composed scene.' },
  {
    name: 'right',
    kind: 'rows',
    group: 'scenes',
    default: null,
    doc: 'The vector of the caption that is true of it.',
  },
  { name: 'wrong', kind: 'rows', group: 'scenes', default: null, doc: 'The vector of one that is not.' },
  {
    name: 'lambda',
    kind: 'float',
    default: 0.01,
    min: 0,
    doc: 'Weight of |W|^2 beside the mean squared error.',
  },
  { name: 'folds', kind: 'int', default: 5, min: 2, doc: 'Each fold of groups is held out once.' },
]

const explained = (name: string, doc: string): Metric => ({
  name,
  label: `R² ${name}`,
  better: 'higher',
  perfect: 1,
  doc,
})

/** Perception of detail without a language model: what the features tell of how a picture was changed. */
const detailProbe: EvaluationKind = {
  name: 'detail_probe',
  doc: 'What features tell of details: R2 of ridge regression to how pictures were transformed, on held-out groups of rows; and how often the caption that is true of a scene is nearer than one that is not. `std.details` transforms pictures.',
  parameters,
  metrics: [
    {
      name: 'r2',
      label: 'R² of details',
      better: 'higher',
      perfect: 1,
      doc: 'The mean over the factors that were neither at the floor nor at the ceiling at the start of the run.',
    },
    ...factors.map(([name]) => explained(name, `R2 of \`${name}\`; 0 is what the mean alone would give.`)),
    {
      name: 'scenes',
      label: 'scenes',
      better: 'higher',
      perfect: 1,
      doc: 'Share of scenes that are nearer to the caption that is true of them.',
    },
  ],
  problems: (given) => {
    const { shapes } = given
    const half = ['scene', 'right', 'wrong'].filter((name) => shapes[name] === undefined)
    const nothing = factors.every(([name]) => shapes[name] === undefined)
    return [
      ...(nothing ? [{ parameter: 'features', message: 'there is no factor to read from it' }] : []),
      ...(half.length === 1 || half.length === 2
        ? [
            {
              parameter: 'scene',
              message: `scenes need \`scene\`, \`right\` and \`wrong\`; ${half.map((name) => `\`${name}\``).join(', ')} not given`,
            },
          ]
        : []),
      ...scalarProblem('group', given),
      ...widthProblem('right', 'scene', given),
      ...widthProblem('wrong', 'scene', given),
    ]
  },
}

export default detailProbe

import { define } from '../define.js'

export const noExperiment = define<{ file: string; problem: string }>(
  'experiment/file',
  'error',
  `
The folder of an ablation, or of a comparison, holds \`ablation.json\`, which says what runs in it: the variants with
the hashes of their compiled files, the values, the seeds. This one is damaged or of another version.

\`\`\`sh
dcrc run pipelines/ablations/temperature.dcr
\`\`\`
`,
  ({ file, problem }) => ({
    message: `${file} does not say what runs here: ${problem}`,
    help: 'run the ablation again, into another folder',
  }),
)

export const changedExperiment = define<{ folder: string; what: string; was: string; is: string }>(
  'experiment/changed',
  'error',
  `
An ablation goes on as it began: its variants, values, seeds and compiled pipelines are those of \`ablation.json\`. What
the sources say now is another ablation. Run it into another folder: stages that are equal are not trained again.

\`\`\`sh
dcrc run ablation.dcr              # begins anew
dcrc run ablation.dcr --resume     # goes on
\`\`\`
`,
  ({ folder, what, was, is }) => ({
    message: `${folder} is another ablation: ${what} was ${was} and is now ${is}`,
    help: 'leave out --resume: a new folder takes the stages that are equal from the store',
  }),
)

export const nothingBegun = define<{ name: string; folder: string }>(
  'experiment/nothing-begun',
  'error',
  `
\`--resume\` goes on with an ablation that was begun and not finished; there is none.

\`\`\`sh
dcrc run ablation.dcr
\`\`\`
`,
  ({ name, folder }) => ({
    message: `nothing of ${name} was begun in ${folder}`,
    help: 'leave out --resume',
  }),
)

export const noExperimentHere = define<{ folder: string }>(
  'experiment/none',
  'error',
  `
\`dcrc status\` and \`dcrc report\` are about an ablation or a comparison that was begun, by its folder; without one
they take the newest below \`runs\`.

\`\`\`sh
dcrc run ablation.dcr
dcrc status runs/temperature/1
\`\`\`
`,
  ({ folder }) => ({
    message: `no ablation was begun in ${folder}`,
    help: '`dcrc run FILE` of an ablation, or `dcrc compare A B`, begins one',
  }),
)

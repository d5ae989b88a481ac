import { define } from '../define.js'

export const damagedStage = define<{ stage: string; folder: string; problem: string }>(
  'store/damaged',
  'warning',
  `
A stage that the store holds is not as it was written: the disk has failed, or something else has written into it. It is
trained again, and what is stored is replaced.
`,
  ({ stage, folder, problem }) => ({
    message: `the stored stage \`${stage}\` is damaged: ${problem}`,
    why: `it lies in ${folder}`,
    help: 'nothing is lost but time: it is trained again',
  }),
)

export const notReproduced = define<{ stage: string; file: string; run: string }>(
  'store/not-reproduced',
  'warning',
  `
The store of stages holds this one already, and training it again has given other bits. The same stage gives the same bits
on one kind of processor, so another machine trained the stored one, or a disk or memory is at fault. Runs go on with
what they trained themselves; the store keeps what it has. To have the stage trained again for all, remove its folder.

\`\`\`sh
ls .dcrc/stages
\`\`\`
`,
  ({ stage, file, run }) => ({
    message: `stage \`${stage}\` ends with other values of ${file} than when ${run} trained it`,
    help: 'another kind of processor rounds otherwise; on the same one look at the disk and the memory',
  }),
)

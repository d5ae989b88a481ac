import { define } from '../define.js'

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

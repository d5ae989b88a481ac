import { define } from '../define.js'

const list = (names: readonly string[]): string => names.map((n) => `\`${n}\``).join(', ')

export const notExportable = define<{ name: string; got: string; known: readonly string[] }>(
  'model/not-exportable',
  'error',
  `
\`export\` writes models, adapters that a stage trains, and functions: a model as a folder that \`from_pretrained\` loads, an
adapter as a folder of peft's, a function as an ONNX file.

\`\`\`dcr
export reconstruction        // wrong: a loss
export clip, enc, features   // right: a model, an adapter, a function
\`\`\`
`,
  ({ name, got, known }) => ({
    message: `\`export\` takes models, adapters and functions, \`${name}\` is ${got}`,
    help: known.length > 0 ? `there are ${list(known)}` : 'declare a model: `model name = Linear(4, 2)`',
  }),
)

export const untypedExport = define<{ name: string }>(
  'export/argument',
  'error',
  `
An exported function becomes an ONNX file whose inputs are its parameters. Each needs a type that says all of its sizes but
the first, the number of rows, which stays open.

\`\`\`dcr
fn features(image) = clip.image_features(image)                          // wrong: which sizes?
fn features(image: f32[n, 3, 224, 224]) = clip.image_features(image)     // right: any number of pictures
\`\`\`
`,
  ({ name }) => ({
    message: `\`${name}\` of an exported function needs a type with its sizes, the first one open`,
    help: `write \`${name}: f32[n, 3, 224, 224]\`, with sizes that are known but for \`n\``,
  }),
)

export const fixedExport = define<{ name: string; reason: string }>(
  'export/rows',
  'error',
  `
An exported function is written once, for any number of rows: each of its arguments is a tensor of n rows, and so is its
result. It computes from its arguments and from models, not from data sets and draws, and nothing in it may depend on how
many rows there are otherwise than as the size of a tensor.

\`\`\`dcr
fn features(image: f32[n, 3, 32, 32]) = mean(image, axis = 0)    // wrong: one row for all
fn features(image: f32[n, 3, 32, 32]) = mean(image, axis = 1)    // right
\`\`\`
`,
  ({ name, reason }) => ({
    message: `\`${name}\` cannot be exported for any number of rows: ${reason}`,
    help: 'let it treat its rows one by one, and read models alone',
  }),
)

export const nothingToExport = define<{ folder: string }>(
  'run/nothing-to-export',
  'error',
  `
\`dcrc export RUN\` writes the exports of a run again, from its folder: \`runs/<pipeline>/<time>\` or what \`--run-dir\` named. The
folder holds no run.
`,
  ({ folder }) => ({
    message: `${folder} holds no run`,
    help: 'name the folder of a run: it holds run.json and checkpoints/',
  }),
)

export const notEnded = define<{ folder: string; stage: string; steps: number; at: number }>(
  'run/not-ended',
  'error',
  `
Exports are of models as they are at the end of a run. A stage of this one has not come to its end, or its last checkpoint
is damaged.
`,
  ({ folder, stage, steps, at }) => ({
    message: `the run in ${folder} has not ended: stage \`${stage}\` is at step ${at} of ${steps}`,
    help: `\`dcrc run FILE --resume --run-dir ${folder}\` goes on${at > 0 ? `; \`--steps ${at}\` exports what is there, if all stages came as far` : ''}`,
  }),
)

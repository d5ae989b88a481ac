import { define } from '../define.js'
import { type Mismatch, mismatchParts } from '../mismatch.js'

/** How names of a checkpoint are written, told wherever they do not fit. */
const ofCheckpoint = `Of a checkpoint, a dictionary that holds the weights beside other things, names are the keys one behind the other:

\`\`\`dcr
model clip = ClipModel(openai_vit_l_14) from "runs/epoch_3.pt" strip "state_dict." ignore "optimizer.*"
\`\`\`
`

export const missingWeights = define<{ model: string; problem: string; help: string }>(
  'run/weights-missing',
  'error',
  `
\`model m = ... from "path"\` reads its weights when a run starts. The path is relative to the project
root, or to the file in which it is written where it begins with \`./\` or \`../\`, and names a weight file, or a folder with a file that is called as transformers and diffusers call theirs (\`model.safetensors\`,
\`diffusion_pytorch_model.safetensors\`, their index of several files, or \`.bin\`). Where no such path is, a text like
\`org/name\` or \`org/name/folder\` is a model of the Hugging Face cache, into which \`dcrc fetch org/name\` puts it.
`,
  ({ model, problem, help }) => ({ message: `the weights of model \`${model}\` ${problem}`, help }),
)

export const tooLargeWeight = define<{ model: string; path: string; value: number; as: string }>(
  'run/weights-too-large',
  'error',
  `
\`as f16\` or \`precision f16\` rounds weights to a type that ends at 65504, and one of them is larger. bf16 has the range of
f32.
`,
  ({ model, path, value, as }) => ({
    message: `${as} cannot hold the weights of model \`${model}\`: \`${path}\` has the value ${value}`,
    help:
      as === 'f16'
        ? 'bf16 has the range of f32; or leave the model in f32'
        : as === 'bf16'
          ? 'leave the model in f32'
          : 'models are computed in f32; look at how the file was written',
  }),
)

interface NotFiniteWeights {
  readonly model: string
  readonly file: string
  readonly tensors: readonly {
    readonly path: string
    readonly shape: readonly number[]
    readonly count: number
    readonly at: readonly number[]
    readonly value: string
  }[]
}

function notFiniteWords({ model, file, tensors }: NotFiniteWeights): string {
  const shown = tensors.slice(0, 4).map(({ path, shape, count, at, value }) => {
    const all = shape.reduce((a, b) => a * b, 1)
    const place = at.length === 0 ? '' : ` at [${at.join(', ')}]`
    return `\`${path}\`, ${count} of ${all}, the first ${value}${place}`
  })
  const more = tensors.length > 4 ? [`and ${tensors.length - 4} more tensors`] : []
  return `${file} holds values of model \`${model}\` that are not finite: ${[...shown, ...more].join('; ')}`
}

export const notFiniteWeights = define<NotFiniteWeights>(
  'run/weights-not-finite',
  'warning',
  `
A weight file holds NaN or infinite values in a model that no stage trains. Mostly they come from training that had gone
astray, or from rounding to f16, and spread to all that is computed from them. A mask may hold them on purpose:

\`\`\`dcr
allow "run/weights-not-finite" "masks of attention hold -inf"
\`\`\`
`,
  (facts) => ({
    message: notFiniteWords(facts),
    help: 'take a file that was written before training went astray; where they are meant: `allow "run/weights-not-finite" "why"` in the pipeline',
  }),
)

export const notFiniteTrained = define<NotFiniteWeights>(
  'run/trained-not-finite',
  'error',
  `
A weight file holds NaN or infinite values in parameters that a stage trains. No step can make a number of them, so
nothing is begun.
`,
  (facts) => ({
    message: `${notFiniteWords(facts)}; a stage trains them`,
    help: 'take a file that was written before training went astray',
  }),
)

export const corruptWeights = define<{ file: string; problem: string }>(
  'run/weights-corrupt',
  'error',
  `
A \`.safetensors\`, \`.bin\` or \`.onnx\` file breaks its format: it is cut off, tensors overlap or lie outside the file, or
its header is damaged; or an index does not fit its files. Nothing was read from it; fetch or write the file again.
`,
  ({ file, problem }) => ({
    message: `${file} is damaged: ${problem}`,
    help: 'fetch or write the file again',
  }),
)

export const refusedWeights = define<{ file: string; problem: string; help?: string | undefined }>(
  'run/weights-refused',
  'error',
  `
The file may be whole, but it holds what is never read. A \`.bin\` file of torch is a pickle, a program that could do
anything when Python runs it; here none is run. It is read for tensors, and a file that asks for anything else (to import
\`os.system\`, to make an object of a class) is refused whole. Of a TorchScript program the parameters and buffers are read,
its code is not carried out. Files of torch before 1.6 are refused, and values that the wanted element type cannot hold.
`,
  ({ file, problem, help }) => ({ message: `${file} is refused: ${problem}`, help }),
)

export const ambiguousWeights = define<{ file: string; problem: string; help?: string | undefined }>(
  'run/weights-ambiguous',
  'error',
  `
A folder holds two sets of weights of one kind, and nothing says which is meant. (Where \`.safetensors\` and \`.bin\` files
lie side by side, as many published models have them, the first are read.)

\`\`\`dcr
model unet = UNet2DConditionModel(sd_2_1.unet) from "weights/unet"                                      // two in it
model unet = UNet2DConditionModel(sd_2_1.unet) from "weights/unet/diffusion_pytorch_model.safetensors"  // right
\`\`\`
`,
  ({ file, problem, help }) => ({ message: `${file}: ${problem}`, help }),
)

export const idleIgnore = define<{ model: string; file: string; patterns: readonly string[] }>(
  'run/ignore-idle',
  'warning',
  `
\`ignore\` lists tensors of a weight file that a model has no parameter for. A pattern matches none: it is misspelt, or
this file does not have them.
`,
  ({ model, file, patterns }) => ({
    message: `${patterns.map((p) => `\`ignore "${p}"\``).join(', ')} of model \`${model}\` matches no unused tensor of ${file}`,
    help: 'take it out, or correct it',
  }),
)

export const idleStrip = define<{ model: string; file: string; prefix: string }>(
  'run/strip-idle',
  'error',
  `
\`strip\` behind \`from\` takes a prefix off the names of a weight file. No tensor of this file has it, or without it two
would have one name.

\`\`\`dcr
model clip = ClipModel(openai_vit_l_14) from "runs/clip.pt" strip "module."
\`\`\`

${ofCheckpoint}`,
  ({ model, file, prefix }) => ({
    message: `\`strip "${prefix}"\` of model \`${model}\` cannot be taken off the names of ${file}`,
    help: 'take it out, or write what stands before every name of the file, with its last dot',
  }),
)

export const changedWeights = define<{ model: string; file: string }>(
  'run/weights-changed',
  'error',
  `
Frozen weights are not copied: a run reads them where they lie, until its end. The file of a model was removed or
replaced while the run went on.
`,
  ({ model, file }) => ({
    message: `the weights of model \`${model}\` changed while the run used them: ${file}`,
    help: 'put the file back and continue with --resume',
  }),
)

export const mismatchedWeights = define<
  {
    model: string
    file: string
    /** What stands before every name of the file, and the model's names do not have. */
    prefix?: string | undefined
  } & Mismatch
>(
  'run/weights-mismatch',
  'error',
  `
The tensors of a weight file and the parameters of the model must be the same: every name, shape and element type.
A missing tensor would leave a parameter random, an unused one means that the file belongs to another model. Floats may
be kept as other floats (\`f16\` for \`f32\`). Tensors that a model has no use for are named by \`ignore\`.

\`\`\`dcr
model clip = ClipModel(openai_vit_l_14) from "openai/clip-vit-large-patch14" ignore "*.position_ids"
\`\`\`

Trainers often save with something before every name (\`module.\`, \`model.\`, \`_orig_mod.\`); \`strip\` takes it off:

\`\`\`dcr
model clip = ClipModel(openai_vit_l_14) from "runs/clip.pt" strip "module."
\`\`\`

${ofCheckpoint}`,
  ({ model, file, prefix, ...mismatch }) => ({
    message:
      prefix === undefined
        ? [`${file} does not fit model \`${model}\``, ...mismatchParts(mismatch, 'model')].join('; ')
        : `${file} does not fit model \`${model}\`: all parameters are there, with \`${prefix}\` before their paths`,
    why: 'each parameter of the model is one tensor of the file, by its path',
    ...(prefix !== undefined ? { help: `write \`strip "${prefix}"\` behind \`from\`` } : {}),
    ...(mismatch.missing.length > 0 && mismatch.unused.includes('visual.conv1.weight')
      ? {
          help: `\`from openai_clip(${JSON.stringify(file)})\` of std.openai_clip reads the layout of OpenAI and open_clip`,
        }
      : {}),
    ...(mismatch.unused.length > 0 && mismatch.missing.length + mismatch.different.length === 0
      ? {
          help: `\`ignore "${mismatch.unused[0]}"\` behind \`from\` leaves a tensor out; \`*\` stands for any characters`,
        }
      : {}),
  }),
)

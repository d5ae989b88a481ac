import { define } from '../define.js'
import { type Mismatch, mismatchParts } from '../mismatch.js'
import { bytes as amount } from '../units.js'

const list = (names: readonly string[], limit = 12): string => {
  const shown = names.slice(0, limit).map((n) => `\`${n}\``)
  return names.length > limit ? `${shown.join(', ')} and ${names.length - limit} more` : shown.join(', ')
}

export const unusableArtefact = define<{ problem: string }>(
  'run/artefact',
  'error',
  `
What is to be run is not what this version of \`dcrc compile\` writes: \`manifest.json\` is missing, damaged or of
another version, or a graph file is missing. Compile the pipeline again.

\`\`\`sh
dcrc compile pipelines/quickstart/quickstart.dcr
\`\`\`
`,
  ({ problem }) => ({ message: `cannot run this: ${problem}`, help: 'compile the pipeline again' }),
)

export const unsupportedTarget = define<{ target: string; known: readonly string[] }>(
  'run/target',
  'error',
  `
The artefact was compiled for a device that this runner does not run. Kernels differ between devices, so each has its
own compilation.

\`\`\`sh
dcrc compile --target cpu FILE
\`\`\`
`,
  ({ target, known }) => ({
    message: `this was compiled for ${target}; the runner runs on ${known.join(', ')}`,
    help: `compile with --target ${known[0]}`,
  }),
)

export const missingFiles = define<{
  pipeline: string
  weights: readonly string[]
  data: readonly string[]
  command: string
}>(
  'run/files-missing',
  'error',
  `
A pipeline checks, plans and compiles without its weights and data; a run needs them. Above the message stands what is
missing, with its size and how to get it. \`--weights random\` makes up what is not there, from the seed, to see whether
the pipeline runs on this machine; such a run measures nothing, and says so.

\`\`\`sh
dcrc run FILE --weights random --steps 2
\`\`\`
`,
  ({ pipeline, weights, data, command }) => ({
    message: `\`${pipeline}\` cannot run yet: ${[
      ...(weights.length > 0 ? [`${list(weights)} ${weights.length === 1 ? 'has' : 'have'} no weights`] : []),
      ...(data.length > 0 ? [`${list(data)} ${data.length === 1 ? 'has' : 'have'} no files`] : []),
    ].join(' and ')}`,
    help: `to try it out without them: ${command}`,
  }),
)

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

Of a checkpoint, a dictionary that holds the weights beside other things, names are the keys one behind the other:

\`\`\`dcr
model clip = ClipModel(openai_vit_l_14) from "runs/epoch_3.pt" strip "state_dict." ignore "optimizer.*"
\`\`\`
`,
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

Of a checkpoint, a dictionary that holds the weights beside other things, names are the keys one behind the other:

\`\`\`dcr
model clip = ClipModel(openai_vit_l_14) from "runs/epoch_3.pt" strip "state_dict." ignore "optimizer.*"
\`\`\`
`,
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

export const missingData = define<{ data: readonly string[]; problem: string; help?: string }>(
  'run/data-missing',
  'error',
  `
The files of a \`data\` declaration are not there. A pipeline checks and compiles without them; a run needs them. The
message says what is missing and the help line how to get it.
`,
  ({ data, problem, help }) => ({
    message: `data ${data.map((name) => `\`${name}\``).join(', ')}: ${problem}`,
    help,
  }),
)

export const emptyData = define<{ data: string; chosen: boolean }>(
  'run/data-empty',
  'error',
  `
A \`data\` declaration opened but has no rows, so no batch can be made of it. Look at its filters and splits.
`,
  ({ data, chosen }) => ({
    message: `data \`${data}\` has no rows`,
    help: chosen
      ? `its condition, part or limit leaves none: look at what stands behind \`data ${data} =\``
      : 'look at the arguments of its source',
  }),
)

export const badSample = define<{ data: string; sample: string; reason: string; file: string }>(
  'run/bad-sample',
  'warning',
  `
A sample of a data set cannot be read: a picture that is cut off, a text that is missing. It is left out: in training the
next good sample of the batch stands in its place, an evaluation does not count it. The first one is told; all are listed,
one a line, in \`bad-samples.jsonl\` of the run's folder.
`,
  ({ data, sample, reason, file }) => ({
    message: `a sample of \`${data}\` is left out: ${sample}: ${reason}`,
    help: `all that are left out are listed in ${file}`,
  }),
)

export const tooManyBadSamples = define<{
  data: string
  bad: number
  made: number
  most: number
  file: string
}>(
  'run/bad-samples',
  'error',
  `
Many samples of a data set cannot be read, so that what is left may be no sample of it any more. By default up to 5 % may
be left out; \`dcrc run --bad-samples 20%\` allows more.
`,
  ({ data, bad, made, most, file }) => ({
    message: `${bad} of the first ${made} samples of \`${data}\` cannot be read, more than ${Math.round(most * 1000) / 10} %`,
    help: `look at ${file}; \`--bad-samples ${Math.min(100, Math.ceil((bad / made) * 200))}%\` allows them`,
  }),
)

export const noGoodSample = define<{ data: string; sample: string; reason: string }>(
  'run/no-good-sample',
  'error',
  `
None of the samples of a data set can be read.
`,
  ({ data, sample, reason }) => ({
    message: `no sample of \`${data}\` can be read: ${sample}: ${reason}`,
    help: '`dcrc data FILE NAME` shows what a data set holds',
  }),
)

export const unknownData = define<{
  name: string
  suggestion: string | undefined
  declared: readonly string[]
}>(
  'run/data-unknown',
  'error',
  `
\`dcrc data FILE NAME\` shows one data declaration of a pipeline, and the pipeline has none of this name. Without a name it
lists them.
`,
  ({ name, suggestion, declared }) => ({
    message: `there is no data \`${name}\``,
    help:
      suggestion !== undefined
        ? `did you mean \`${suggestion}\`?`
        : declared.length > 0
          ? `the pipeline declares ${list(declared)}`
          : 'the pipeline declares no data',
  }),
)

export const unknownStage = define<{ name: string; stages: readonly string[] }>(
  'run/stage-unknown',
  'error',
  `
\`--stage\` names a stage that the pipeline does not have.
`,
  ({ name, stages }) => ({
    message: `there is no stage \`${name}\``,
    help: `the stages are ${list(stages)}`,
  }),
)

export const stageOrder = define<{ name: string; before: string }>(
  'run/stage-order',
  'error',
  `
Stages run in source order, each from the models as the previous one left them. \`--stage\` runs one alone, so the
checkpoints of those before it must lie in the run's folder.

\`\`\`sh
dcrc run FILE --run-dir runs/a --stage align
dcrc run FILE --run-dir runs/a --stage enhance --resume
\`\`\`
`,
  ({ name, before }) => ({
    message: `stage \`${name}\` starts from what stage \`${before}\` leaves, and that has not run here`,
    help: `run stage \`${before}\` first, with the same --run-dir`,
  }),
)

export const folderTaken = define<{ folder: string; resumable: boolean }>(
  'run/folder-taken',
  'error',
  `
The folder to run in already holds something. A run writes into a fresh folder, or continues one with
\`--resume\`.
`,
  ({ folder, resumable }) => ({
    message: `${folder} is not empty`,
    help: resumable
      ? 'add --resume to continue the run in it, or name another folder'
      : 'name another folder',
  }),
)

export const noExecutor = define<{ name: string; problem: string; help: string }>(
  'run/no-executor',
  'error',
  `
\`dcrc run --executor c-api\` calls the C API of onnxruntime through the package koffi, which keeps the state of a stage
where it is computed. Where one of the two cannot be loaded, runs on the processor use onnxruntime's binding for Node, which
gives the same bits. Targets of a device need the C API: the binding has no way to say how their provider is to compute.

\`\`\`sh
dcrc doctor
\`\`\`
`,
  ({ name, problem, help }) => ({
    message: `the executor \`${name}\` cannot be used here: ${problem}`,
    help,
  }),
)

export const nothingToResume = define<{ folder: string }>(
  'run/nothing-to-resume',
  'error',
  `
\`--resume\` continues a run from its last complete checkpoint. The folder holds no run.
`,
  ({ folder }) => ({ message: `${folder} holds no run to resume`, help: 'run without --resume' }),
)

interface Changed {
  readonly what: string
  readonly was: string
  readonly is: string
}
const changedFrom = ({ what, was, is }: Changed): string => `${what}: ${was}, now ${is}`

export const changedSinceRun = define<
  Changed & {
    folder: string
    others: readonly Changed[]
    /** Lines of the source that are gone since. */
    gone?: readonly { readonly at: string; readonly text: string }[]
  }
>(
  'run/resume-changed',
  'error',
  `
A resumed run gives bit for bit what it would have given without the interruption. So what decides the results of the
stages that have begun, the seed and the data must be those it began with; the message lists what is not. Evaluations,
monitors, exports, comments, stages that have not begun, and how often checkpoints are written may change. A stage may
become longer where every learning rate that was used stays what it was, as with \`constant()\`. Start a new run for all
else.
`,
  ({ folder, others, gone = [], ...first }) => ({
    message: `${folder} was run with another ${changedFrom(first)}`,
    why: [
      'resuming continues the same computation, bit for bit',
      ...atMost(6, others.map(changedFrom)),
      ...atMost(
        4,
        gone.map(({ at, text }) => `${at} was \`${text}\``),
      ),
    ].join('; '),
    help: 'resume with the --seed and --set that the run began with and no fewer --steps, or start a new run without --resume',
  }),
)

const atMost = (most: number, parts: readonly string[]): readonly string[] =>
  parts.length > most ? [...parts.slice(0, most), `and ${parts.length - most} more`] : parts

export const changedModel = define<{ files: readonly string[] }>(
  'run/model-changed',
  'error',
  `
A pipeline is compiled for the configurations and tokenizers of its models' directories, and compared with them then. One
of these files has changed since, or is there now and was not: what is compiled may not be what the weights were made
for. Compile the pipeline again; \`dcrc run FILE\` does so by itself.
`,
  ({ files }) => ({
    message: `not as when the pipeline was compiled: ${files.slice(0, 6).join(', ')}${files.length > 6 ? ` and ${files.length - 6} more` : ''}`,
    help: 'compile again, or run the source: `dcrc run FILE`',
  }),
)

export const exportFile = define<{ path: string; why: string }>(
  'run/export-file',
  'error',
  `
An export of a model takes along what stands beside its weights: the configuration, the tokenizer, how pictures are
prepared. Before the first step all of these files are read as Python's \`json\` reads them, which is what opens the
export later: no byte order mark, no raw tab or line end inside a string. NaN and Infinity are numbers there.
`,
  ({ path, why }) => ({
    message: `${path} would be copied into an export and nothing could read it there: ${why}`,
    help: 'save the file as JSON in UTF-8 without a byte order mark, with \\t for a tab and \\n for a line end inside a string',
  }),
)

export const notFinite = define<{
  stage: string
  step: number
  what: string
  value: number
  kept: string | null
  /** What gave the first value that was not finite, of what. */
  origin: string | undefined
}>(
  'run/not-finite',
  'error',
  `
The loss or the norm of the gradients became NaN or infinite. The step was not taken; the last good state is kept as a
checkpoint. The step is run again, with a look at each value, and the message shows the first expression that gave something
which is not finite, and the ranges of what it read. Common causes: a learning rate that is too high, a division by zero, the logarithm or square root of zero
(whose derivative is infinite), an exponential that overflows.
`,
  ({ stage, step, what, value, kept, origin }) => ({
    message: `stage \`${stage}\`, step ${step}: the ${what} is ${value}`,
    why: origin === undefined ? 'the step was not taken' : `${origin}; the step was not taken`,
    help:
      kept === null
        ? 'no state before it was finite; lower the learning rate or look for log, sqrt and division near 0'
        : `the last good state is ${kept}; lower the learning rate, or look for log, sqrt and division near 0`,
  }),
)

export const diverged = define<{
  stage: string
  step: number
  loss: number
  above: number
  steps: number
  kept: string | null
}>(
  'run/diverged',
  'error',
  `
\`stop when loss > x for n steps\` guards a stage: the loss was above x for n steps in a row, and the run has ended. The state
of these steps is not kept. A lower learning rate, a longer warm-up or \`clip_norm\` help most often.
`,
  ({ stage, step, loss, above, steps, kept }) => ({
    message: `stage \`${stage}\`, step ${step}: the loss is ${loss}, and has been above ${above} for ${steps} steps`,
    help: `${kept === null ? 'no checkpoint was written before' : `the last checkpoint is ${kept}`}; lower the learning rate, lengthen the warm-up, or clip gradients`,
  }),
)

export const unreadableData = define<{ problem: string; help: string }>(
  'run/data-unreadable',
  'error',
  `
A file of a data source was there when the run started, and a row of it cannot be read now, or is damaged.
`,
  ({ problem, help }) => ({ message: problem, help }),
)

export const unreadableRun = define<{ problem: string; help: string }>(
  'run/unreadable',
  'error',
  `
A file in the folder of a run is missing or damaged: it was cut off when a disk was full or a machine went down, or
something else than \`dcrc run\` wrote it. The message names the file.
`,
  ({ problem, help }) => ({ message: problem, help }),
)

export const outOfMemory = define<{ bytes: number | undefined }>(
  'run/out-of-memory',
  'error',
  `
The machine did not give the memory that was asked for. \`dcrc plan FILE\` shows what each stage takes. A smaller batch,
\`chunk\` or \`memory\` on a stage with pairs, or a smaller model takes less.

\`\`\`sh
dcrc plan FILE --set batch=4
\`\`\`
`,
  ({ bytes }) => ({
    message: `the machine has not enough memory${bytes === undefined ? '' : `: ${amount(bytes)} were asked for at once`}`,
    help: 'a smaller batch takes less, `chunk` or `memory` on a stage with pairs too; `dcrc plan` shows how much',
  }),
)

export const entryOutside = define<{
  data: string
  field: string
  row: string
  value: number
  limit: {
    readonly low: number
    readonly below: number
    readonly except: readonly number[]
    readonly place: string | null
  }
}>(
  'run/outside',
  'error',
  `
A whole number of a data set is used as a label, a token id or another index, and there is nothing at that place: a label
of 10 among 10 classes, which count from 0; an id that the table of an embedding does not have; a number below 0, which
counts from the end in Python, where PyTorch refuses it, too. The message names the row, and the line that reads by it.

Rows that have no label are marked by \`ignore_index\` of \`cross_entropy\`, -100 if nothing else is said.
`,
  ({ data, field, row, value, limit: { low, below, except, place } }) => ({
    message: `\`${data}.${field}\` of row ${row} is ${value}: ${place ?? 'the program'} takes ${low} to ${below - 1}${except.map((n) => `, or ${n}`).join('')}`,
    help: 'correct the data, or the size that the program reads by it',
  }),
)

export const failedGraph = define<{
  graph: string
  operator: string | undefined
  place: string | undefined
  shapes: readonly string[]
  problem: string
}>(
  'run/graph-failed',
  'error',
  `
onnxruntime refused values that a graph met while it ran: an index outside of what it reads from, sizes that do not fit.
The message names the operator and the line of the program that it comes from, with what onnxruntime says. Look at the
data that reaches that line.
`,
  ({ graph, operator, place, shapes, problem }) => ({
    message: `${operator === undefined ? graph : `\`${operator}\``}${place === undefined ? '' : ` of ${place}`} failed: ${problem}`,
    ...(shapes.length > 0 ? { why: `it reads ${shapes.join(' and ')}` } : {}),
    help: 'look at the data that reaches this line; if the program is right, please report it as a bug of dcrc',
  }),
)

interface MemoryFacts {
  readonly stage: string
  readonly predicted: number
  readonly free: number
  /** Of the batch; 0 where it has none. */
  readonly rows: number
  /** Rows that would fit. */
  readonly fitting: number
}

const smaller = ({ rows, fitting, free }: MemoryFacts): string => {
  const budget = free >= 1e9 ? `${Math.floor(free / 1e9)} GB` : `${Math.floor(free / 1e6)} MB`
  const pairs = `in a stage with pairs \`memory ${budget}\` or \`chunk\` takes less, too`
  if (rows > 0 && fitting > 0) return `a batch of ${fitting} rows would fit, it has ${rows}; ${pairs}`
  return `weights and state alone leave no room for a batch: train less, or use a machine with more; ${pairs}`
}

export const fewMemory = define<MemoryFacts>(
  'run/memory',
  'warning',
  `
A step of a stage is predicted to take more memory than the machine, or the control group that the run is in, has free.
Predictions are rough, so the run goes on; it may become slow, or the system may end it. A smaller batch takes less,
\`chunk\` or \`memory\` on a stage with pairs too, at the price that \`dcrc plan FILE\` shows.
`,
  (facts) => ({
    message: `stage \`${facts.stage}\` is predicted to take ${amount(facts.predicted)} of memory, ${amount(facts.free)} are free`,
    help: smaller(facts),
  }),
)

export const tooLittleMemory = define<MemoryFacts>(
  'run/too-little-memory',
  'error',
  `
A step of a stage is predicted to take more than one and a half times the memory that the machine, or the control group
that the run is in, has free. So much is no inaccuracy of the prediction: nothing was run. A smaller batch takes less,
\`chunk\` or \`memory\` on a stage with pairs too, at the price that \`dcrc plan FILE\` shows.

\`\`\`sh
dcrc plan FILE --set batch=4
\`\`\`
`,
  (facts) => ({
    message: `stage \`${facts.stage}\` is predicted to take ${amount(facts.predicted)} of memory, ${amount(facts.free)} are free`,
    why: 'it is more than one and a half times what is free, so nothing was run',
    help: smaller(facts),
  }),
)

export const unfitRows = define<{ evaluation: string; kind: string; problem: string; help: string }>(
  'run/measure',
  'error',
  `
An evaluation cannot measure the rows that it was given: labels without a counterpart, classes without rows, a half of a
pair alone, more neighbours than rows. What is missing is named; nothing is measured on the rest, since a number of fewer
rows is not the number that was asked for.

\`\`\`sh
dcrc data FILE NAME
\`\`\`

shows the rows of a data declaration.
`,
  ({ evaluation, kind, problem, help }) => ({
    message: `\`${kind}\` cannot measure \`${evaluation}\`: ${problem}`,
    help,
  }),
)

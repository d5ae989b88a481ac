import { define } from '../define.js'
import { listed } from '../listed.js'
import { bytes as amount } from '../units.js'

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
      ...(weights.length > 0
        ? [`${listed(weights)} ${weights.length === 1 ? 'has' : 'have'} no weights`]
        : []),
      ...(data.length > 0 ? [`${listed(data)} ${data.length === 1 ? 'has' : 'have'} no files`] : []),
    ].join(' and ')}`,
    help: `to try it out without them: ${command}`,
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
    help: `the stages are ${listed(stages)}`,
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

export const nothingToResume = define<{
  folder: string
  /** What a run has and the folder has not; undefined where it has nothing. */
  missing: string | undefined
}>(
  'run/nothing-to-resume',
  'error',
  `
\`--resume\` continues a run from its last complete checkpoint. The folder holds no run.
`,
  ({ folder, missing }) => ({
    message: `${folder} holds no run to resume${missing === undefined ? '' : `: it has no ${missing}`}`,
    help:
      missing === undefined
        ? 'run without --resume'
        : 'name the folder of a run with --run-dir, or begin one in another folder',
  }),
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
  /** The program itself gives NaN there. */
  isWritten: boolean
}>(
  'run/not-finite',
  'error',
  `
The loss or the norm of the gradients became NaN or infinite. The step was not taken; the last good state is kept as a
checkpoint. The step is run again, with a look at each value, and the message shows the first expression that gave something
which is not finite, and the ranges of what it read. Common causes: a learning rate that is too high, a division by zero, the logarithm or square root of zero
(whose derivative is infinite), an exponential that overflows, a label outside of the classes that the program computes.
`,
  ({ stage, step, what, value, kept, origin, isWritten }) => ({
    message: `stage \`${stage}\`, step ${step}: the ${what} is ${value}`,
    why: origin === undefined ? 'the step was not taken' : `${origin}; the step was not taken`,
    help: `${kept === null ? 'no state before it was finite' : `the last good state is ${kept}`}; ${
      isWritten
        ? 'the program gives NaN there itself, as the losses of the library do for a label outside of the classes: look at the labels that it computes'
        : `lower the learning rate${kept === null ? '' : ','} or look for log, sqrt and division near 0`
    }`,
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
  const again = `\`memory ${budget}\` in the stage computes in chunks, and again what there is no room to keep`
  if (rows > 0 && fitting > 0) return `a batch of ${fitting} rows would fit, it has ${rows}; ${again}`
  if (rows === 0) return `no data set gives the step its rows, so it is for you to make it smaller; ${again}`
  return `weights and state alone leave no room for a batch: train less, or use a machine with more; ${again}`
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

import { define, replacing } from '../define.js'
import type { Span } from '../diagnostic.js'
import { bytes } from '../units.js'

const list = (names: readonly string[]): string => names.map((n) => `\`${n}\``).join(', ')

export const unknownClause = define<{
  name: string
  where: 'stage' | 'update'
  suggestion?: string | undefined
  known: readonly string[]
}>(
  'stage/unknown-clause',
  'error',
  `
A stage has a clause that means nothing. A setting that nothing reads must not look as if it did something.

\`\`\`dcr
stage align { train proj; minimize dcr; optimiser adamw(lr = 1e-4); steps 300 }   // wrong
stage align { train proj; minimize dcr; optimizer adamw(lr = 1e-4); steps 300 }   // right
\`\`\`
`,
  ({ name, where, suggestion, known }, span) => ({
    fix: replacing(span, suggestion),
    message: `${where === 'stage' ? 'a stage' : 'an update'} has no clause \`${name}\``,
    help:
      suggestion !== undefined
        ? `did you mean \`${suggestion}\`?`
        : name === 'evaluate'
          ? 'evaluations are declared beside the stages: `evaluate name = kind(...) every 50` measures within them too'
          : `it has ${list(known)}`,
  }),
)

export const misplacedClause = define<{
  name: string
  /** The update in which it stands; null: it stands in the stage. */
  update: string | null
  updates: readonly string[]
}>(
  'stage/misplaced-clause',
  'error',
  `
In a stage with updates each of these says what it trains, what it minimizes and how (\`times\`, \`train\`, \`freeze\`,
\`minimize\`, \`optimizer\`, \`schedule\`, \`accumulate\`, \`chunk\`, \`clip_norm\`, \`ema\`); the stage says the rest.

\`\`\`dcr
stage play {                                                                              // wrong
  optimizer adamw(lr = 1e-4)
  update critic { train critic; minimize distance; steps 100 }
}
stage play {                                                                              // right
  steps 100
  update critic { train critic; minimize distance; optimizer adamw(lr = 1e-4) }
}
\`\`\`
`,
  ({ name, update, updates }) => ({
    message:
      update !== null
        ? `\`${name}\` is a clause of the stage, not of its update \`${update}\``
        : updates.length > 0
          ? `a stage with updates has no \`${name}\` of its own`
          : `\`${name}\` is a clause of updates, and this stage has none`,
    help:
      update !== null
        ? `write it in the stage, beside the updates`
        : updates.length > 0
          ? `write it in ${list(updates)}`
          : `write \`update name { ${name} ... }\`, or leave it out: the step of a stage is one update`,
  }),
)

export const sharedAverage = define<{ path: string; update: string; other: string }>(
  'stage/shared-average',
  'error',
  `
An update with \`ema\` averages a parameter that another update of the stage trains too. The average moves with the
steps of its own update, so it would leave out those of the other. (A parameter may be trained by two updates: each has
an optimizer of its own for it, with moments and steps of its own, as two optimizers of PyTorch over one parameter.)
`,
  ({ path, update, other }) => ({
    message: `update \`${update}\` averages \`${path}\`, which update \`${other}\` trains too`,
    help: 'drop `ema`, or train the parameter in one update alone',
  }),
)

export const missingClause = define<{
  stage: string
  update: string | null
  clause: string
  example: string
}>(
  'stage/missing-clause',
  'error',
  `
A stage says what it trains, what it minimizes, and for how many steps or epochs. In a stage with updates each of
them says all but these.

\`\`\`dcr
stage align { train proj; minimize dcr; optimizer adamw(lr = 1e-4); steps 300 }
\`\`\`
`,
  ({ stage, update, clause, example }) => ({
    message: `${update === null ? `stage \`${stage}\`` : `update \`${update}\` of stage \`${stage}\``} has no \`${clause}\``,
    help: `add \`${example}\``,
  }),
)

export const duplicateClause = define<{ name: string; first: Span }>(
  'stage/duplicate-clause',
  'error',
  `
A stage has one clause of each kind (monitors: one of each name). All trained parts stand in one \`train\`, separated
by commas.
`,
  ({ name, first }) => ({
    message: `\`${name}\` stands twice in this stage`,
    labels: [{ span: first, message: 'first here' }],
    help: name === 'train' ? 'write one `train` with all parts, separated by commas' : 'keep one of them',
  }),
)

export const twoLengths = define<{ first: Span }>(
  'stage/two-lengths',
  'error',
  `
A stage says once how long it is: in optimizer steps, or in epochs of the data set that its objective reads.

\`\`\`dcr
stage fit { steps 300; epochs 3; ... }   // wrong
stage fit { epochs 3; ... }              // right
\`\`\`
`,
  ({ first }) => ({
    message: '`steps` and `epochs` both say how long this stage is',
    labels: [{ span: first, message: 'first here' }],
    help: 'keep one of them',
  }),
)

export const badEpochs = define<{ message: string; help: string }>(
  'stage/epochs',
  'error',
  `
\`epochs n\` stands for the steps in which every row of the data set that the objective reads has come n times. So that
data set must say how many rows it has before it is read, as \`mnist\` does and others with \`length = n\`, and where the
objective reads several, their epochs must be equally long. \`steps n\` says the length of a stage in any case.
`,
  (p) => p,
)

export const badTrainPath = define<{
  message: string
  help?: string | undefined
  /** The name that was probably meant. */
  suggestion?: string | undefined
}>(
  'stage/train-path',
  'error',
  `
\`train\` names a model, a part of it, or a pattern over its parameters: \`*\` stands for one component of a path, \`**\`
for any number of them.

\`\`\`dcr
train proj, clip.vision_model.encoder.layers[2..], clip.visual_projection.weight
train net, net.**.bias { weight_decay = 0.0 }, net.** except net.head where rank > 1 { lr = 1e-5 }
\`\`\`
`,
  ({ suggestion, ...p }, span) => ({ ...p, fix: replacing(span, suggestion) }),
)

export const trainedTwice = define<{ path: string }>(
  'stage/trained-twice',
  'error',
  `
A parameter stands in two entries of \`train\`: it is not clear whose settings count. A later entry may name a part of
what an earlier one names, and then refines its settings; any other overlap is a mistake.

\`\`\`dcr
train net.head { lr = 1e-4 }, net { lr = 1e-5 }   // wrong: the second names all of the first
train net { lr = 1e-5 }, net.head { lr = 1e-4 }   // right
\`\`\`
`,
  ({ path }) => ({
    message: `\`${path}\` is trained by two groups`,
    help: 'name parts that do not overlap, or the whole first and then a part of it',
  }),
)

export const trainedFrozen = define<{ path: string; trained: Span }>(
  'stage/trained-frozen',
  'error',
  `
\`freeze\` says that a stage leaves parameters as they are; here its \`train\` names some of them.

\`\`\`dcr
stage align { train clip; freeze clip.text_model; ... }                // wrong
stage align { train clip.vision_model; freeze clip.text_model; ... }   // right
\`\`\`
`,
  ({ path, trained }) => ({
    message: `\`${path}\` is to stay frozen, and is trained`,
    labels: [{ span: trained, message: 'trained by this' }],
    help: 'name parts in `train` that leave it out, or drop `freeze`',
  }),
)

export const notScalarLoss = define<{ got: string; what: string; help: string }>(
  'stage/not-a-scalar',
  'error',
  `
What is minimized, and what a monitor or \`loss\` gives, is one number: a scalar tensor.

\`\`\`dcr
loss reconstruction = square(a - b)         // wrong: one number per element
loss reconstruction = mean(square(a - b))   // right
\`\`\`
`,
  ({ got, what, help }) => ({ message: `${what} must be a scalar float tensor, this is ${got}`, help }),
)

export const unknownOptimizer = define<{
  name: string
  kind: 'optimizer' | 'schedule'
  suggestion?: string | undefined
  known: readonly string[]
}>(
  'stage/unknown-optimizer',
  'error',
  `
There is no optimizer or schedule of this name.

\`\`\`dcr
optimizer adam(lr = 1e-4)     // wrong
optimizer adamw(lr = 1e-4)    // right
\`\`\`
`,
  ({ name, kind, suggestion, known }, span) => ({
    fix: replacing(span, suggestion),
    message: `there is no ${kind} \`${name}\``,
    help: suggestion === undefined ? `there are ${list(known)}` : `did you mean \`${suggestion}\`?`,
  }),
)

export const badValue = define<{ name: string; wanted: string; got: string }>(
  'stage/bad-value',
  'error',
  `
The value of a clause or setting is of the wrong kind or out of range.

\`\`\`dcr
steps 1.5     // wrong
steps 300     // right
\`\`\`
`,
  ({ name, wanted, got }) => ({ message: `\`${name}\` takes ${wanted}, got ${got}` }),
)

export const warmupWithoutEffect = define<{ warmup: number; steps: number }>(
  'stage/warmup-too-long',
  'warning',
  `
The warm-up is at least as long as the stage: the learning rate never reaches its value.
`,
  ({ warmup, steps }) => ({
    message: `the warm-up of ${warmup} steps never ends: the stage has ${steps}`,
    help: 'shorten `warmup` or lengthen `steps`',
  }),
)

export const withoutEffect = define<{ what: string; every: number; steps: number }>(
  'stage/without-effect',
  'warning',
  `
A stage ends before a setting of it does anything: a checkpoint that would come with the last step or after it, or a
monitor or an evaluation that would come after it.

\`\`\`dcr
stage fit { steps 300  save_every 500; ... }   // wrong: there is one at the end anyway
stage fit { steps 300  save_every 100; ... }   // right
\`\`\`
`,
  ({ what, every, steps }) => ({
    message: `${what} every ${every} steps has no effect: the stage has ${steps}`,
    help: 'make it smaller, or leave it out',
  }),
)

export const unknownMetric = define<{
  what: string
  suggestion?: string | undefined
  known: readonly string[]
}>(
  'stage/unknown-metric',
  'error',
  `
\`keep best(...)\` and \`stop when ... stalls n\` name an evaluation of the pipeline and one of its metrics that has a
better direction; where the evaluation goes over several data sets, \`valid.accuracy\` is their mean and
\`valid.mnist.accuracy\` that of one. The stage must change something that the evaluation reads.

\`\`\`dcr
evaluate valid = classification(logits = net(test.image), label = test.label) every 100
stage learn { keep best(valid.acuracy); ... }   // wrong
stage learn { keep best(valid.accuracy); ... }   // right
\`\`\`
`,
  ({ what, suggestion, known }) => ({
    message: what,
    help:
      suggestion !== undefined
        ? `did you mean \`${suggestion}\`?`
        : known.length > 0
          ? `there are ${known.map((n) => `\`${n}\``).join(', ')}`
          : 'declare an evaluation of what the stage trains: `evaluate valid = classification(...) every 100`',
  }),
)

export const unmeasured = define<{ stage: string; evaluation: string; steps: number }>(
  'stage/unmeasured',
  'error',
  `
\`keep best(...)\` and \`stop when ...\` compare measurements within a stage, and the evaluation is made at its end alone.
\`every n\` behind the evaluation says after how many steps it is made again.

\`\`\`dcr
evaluate valid = classification(logits = net(test.image), label = test.label)             // wrong
evaluate valid = classification(logits = net(test.image), label = test.label) every 100   // right
\`\`\`
`,
  ({ stage, evaluation, steps }) => ({
    message: `\`${evaluation}\` is not measured within stage \`${stage}\``,
    help: `write \`every n\` behind \`evaluate ${evaluation} = ...\`, with n below ${steps}`,
  }),
)

export const noData = define<{ stage: string }>(
  'stage/no-data',
  'warning',
  `
What a stage minimizes depends on no data and no draw: every step sees the same numbers.
`,
  ({ stage }) => ({
    message: `the loss of stage \`${stage}\` depends on no data and no draw`,
    help: 'use `data.field` in it',
  }),
)

export const coupledAccumulation = define<{
  stage: string
  accumulate: number
  rows: number
  operator: string
}>(
  'stage/coupled-accumulation',
  'warning',
  `
\`accumulate n\` splits a batch into n micro-batches. For a mean over rows that gives the same gradient; for a loss that
couples the rows of a batch (a contrastive loss has negatives among them) it does not: 16 x 2 is not 32.
\`accumulate n exact\` computes the loss of all samples together, for one more forward pass.
`,
  ({ stage, accumulate, rows, operator }) => ({
    message: `the loss of stage \`${stage}\` couples the rows of a batch: ${accumulate} micro-batches of ${rows} are not one of ${accumulate * rows}`,
    why: `${operator} mixes rows`,
    help: `write \`accumulate ${accumulate} exact\`, raise the batch instead, or write \`allow "stage/coupled-accumulation" "reason"\``,
  }),
)

export const exactNotPossible = define<{ reason: string; at?: Span | undefined }>(
  'stage/exact',
  'error',
  `
\`accumulate n exact\` takes n micro-batches as one batch: it computes what treats samples one by one (the features) in
micro-batches, the loss from the features of all, and then each micro-batch again for its gradient. That needs data of one
number of rows, something trained that treats samples one by one, and a loss that is a scalar.
`,
  ({ reason, at }) => ({
    message: `micro-batches cannot be accumulated exactly: ${reason}`,
    labels: at ? [{ span: at, message: 'here' }] : [],
    help: 'leave out `exact`, or raise the rows of the data instead of `accumulate`',
  }),
)

export const exactWithoutEffect = define<{ count: number }>(
  'stage/exact-without-effect',
  'warning',
  `
\`accumulate n exact\` runs each micro-batch twice, which pays where the loss couples the samples of a batch. The loss of
this stage is a mean or sum over samples: \`accumulate n\` gives the same gradient for half of the forward passes.
`,
  ({ count }) => ({
    message: '`exact` has no effect: no sample of the batch has a part in the loss of another',
    help: `write \`accumulate ${count}\``,
  }),
)

export const badChunk = define<{ chunk: number; rows: number }>(
  'stage/chunk',
  'error',
  `
\`chunk k\` computes the pairs of \`for i in n, j in m\` for k rows i at a time. Every chunk has as many, so k divides n.

\`\`\`dcr
let pairs = denoise(noisy[i], t[i], c[j]) for i, j in 16
stage align { train proj; minimize dcr; chunk 5 }   // wrong
stage align { train proj; minimize dcr; chunk 4 }   // right
\`\`\`
`,
  ({ chunk, rows }) => {
    const sizes = Array.from({ length: rows - 1 }, (_, k) => k + 1).filter((k) => rows % k === 0)
    return {
      message: `chunks of ${chunk} do not divide the ${rows} rows of the pairs`,
      help: `choose ${sizes.length > 1 ? `${sizes.slice(0, -1).join(', ')} or ` : ''}${sizes.at(-1)}`,
    }
  },
)

export const chunkWithoutEffect = define<{ reason: string; at?: Span | undefined }>(
  'stage/chunk-without-effect',
  'warning',
  `
\`chunk k\` computes pairs for k rows at a time, in a loop. That needs pairs (\`f(a[i], b[j]) for i in n, j in m\` with n
above k) from which the loss is a sum or mean over the rows i of what is computed row by row, and that nothing else reads: what
a monitor, a second loss or \`grad\` needs of the pairs would keep all of them in memory. Without it the stage computes
the same, all pairs at once.
`,
  ({ reason, at }) => ({
    message: `\`chunk\` has no effect: ${reason}`,
    labels: at ? [{ span: at, message: 'here' }] : [],
    help: 'remove it, or what stands in its way',
  }),
)

export const memoryExceeded = define<{ stage: string; budget: number; peak: number; why: string }>(
  'stage/memory',
  'warning',
  `
\`memory 16 GB\` says what a step of a stage may take. Where it takes more, its pairs are computed in the largest chunks
of rows that fit, and where that is not enough, results are computed again in place of being kept. This stage is
predicted to take more even so. \`dcrc plan\` shows where its memory is.
`,
  ({ stage, budget, peak, why }) => ({
    message: `a step of stage \`${stage}\` is predicted to take ${bytes(peak)}, more than ${bytes(budget)}`,
    why,
    help: `\`memory ${bytes(1.01 * peak)}\`, or a smaller batch`,
  }),
)

/** Why a value is not the same whenever its row comes again. */
export type CachedProblem =
  | { readonly kind: 'draws'; readonly what: string }
  | { readonly kind: 'trained'; readonly name: string }
  | { readonly kind: 'no data' }
  | { readonly kind: 'gradient' }
  | { readonly kind: 'two data sets'; readonly data: string; readonly other: string }
  | { readonly kind: 'augmented'; readonly data: string; readonly field: string; readonly draws: string }
  | {
      readonly kind: 'coupled'
      readonly data: string
      readonly operator: string
      readonly at?: Span | undefined
    }
  | { readonly kind: 'no rows'; readonly data: string }

const whyNotCached = (problem: CachedProblem): { message: string; help: string } => {
  switch (problem.kind) {
    case 'draws':
      return {
        message: `it draws${problem.what.startsWith('@') ? '' : ` (in \`${problem.what}\`)`}, which is another value at each step`,
        help: 'draw outside of `cached`, or leave `cached` out',
      }
    case 'trained':
      return {
        message: `the stage changes \`${problem.name}\`, which it is made of`,
        help: 'keep what lies before the trained parts, or leave `cached` out',
      }
    case 'no data':
      return {
        message: 'it reads no field of a data set',
        help: 'what depends on frozen weights alone is computed once anyway: leave `cached` out',
      }
    case 'gradient':
      return {
        message: 'a gradient is taken through it, of which what is kept knows nothing',
        help: 'leave `cached` out',
      }
    case 'two data sets':
      return {
        message: `it reads rows of \`${problem.data}\` and of \`${problem.other}\``,
        help: 'keep a value of each by itself',
      }
    case 'augmented':
      return {
        message: `\`${problem.data}.${problem.field}\` is drawn anew in each epoch, by \`${problem.draws}\``,
        help: `give \`${problem.data}\` a field without \`${problem.draws}\`, or leave \`cached\` out`,
      }
    case 'coupled':
      return {
        message: `\`${problem.operator}\` mixes the rows of \`${problem.data}\``,
        help: 'keep what is computed of each row by itself',
      }
    case 'no rows':
      return {
        message: `it has no value for each row of \`${problem.data}\` along its first axis`,
        help: 'keep what has the rows of the batch along its first axis',
      }
  }
}

export const badCached = define<{ stage: string; problem: CachedProblem }>(
  'stage/cached',
  'error',
  `
\`cached e\` computes e once for each row of its data, and keeps it. So e must be the same whenever the row comes again: made of
the fields of one data set, row by row, without draws, of parameters that the stage does not change.

\`\`\`dcr
let z = cached enc(random.image)                 // wrong, where the field is cut out at random
let z = cached enc(plain.image)                  // right
loss surprise = cross_entropy(head(z), plain.label)
\`\`\`
`,
  ({ stage, problem }) => {
    const { message, help } = whyNotCached(problem)
    const at = problem.kind === 'coupled' ? problem.at : undefined
    return {
      message: `\`cached\` keeps nothing in stage \`${stage}\`: ${message}`,
      labels: at ? [{ span: at, message: 'here' }] : [],
      help,
    }
  },
)

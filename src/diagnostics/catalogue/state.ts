import { define } from '../define.js'
import type { Span } from '../diagnostic.js'

export const notAState = define<{ name: string; where: 'module' | 'pipeline' }>(
  'state/not-a-state',
  'error',
  `
\`next name = e\` gives a state its next value: a tensor that a module or a pipeline declares with \`state\`. In a
function of a module it names a state of that module, in a pipeline one of the pipeline.

\`\`\`dcr
module Mean(d: int) {
  mean: f32[d] = zeros
  fn forward(x: float[n, d]) { next mean = 0.9 * mean + 0.1 * mean(x, axis = 0)  x }    // wrong: a parameter
}

module Mean(d: int) {
  state average: f32[d] = zeros
  fn forward(x: float[n, d]) { next average = 0.9 * average + 0.1 * mean(x, axis = 0)  x }
}
\`\`\`
`,
  ({ name, where }) => ({
    message: `\`next\` wants a state of the ${where}, \`${name}\` is none`,
    help: `declare it: \`state ${name}: f32[...] = initial value\``,
  }),
)

export const assignedTwice = define<{ name: string; first: Span }>(
  'state/assigned-twice',
  'error',
  `
A call gives a state its next value once; until the next call the name means the value before.

\`\`\`dcr
next count = count + 1
next count = count + 2    // wrong: which of the two?
\`\`\`
`,
  ({ name, first }) => ({
    message: `the state \`${name}\` has a next value in this call already`,
    labels: [{ span: first, message: 'given here' }],
    help: `compute the value in a local and write \`next ${name}\` once`,
  }),
)

export const repeatedNext = define<{ state: string; module: string; repeats: string; call: Span }>(
  'state/repeated',
  'error',
  `
A call that gives a state its next value happens once in a micro-batch. In pairs (\`for i in n, j in m\`) a function is applied
to all pairs at once, in \`iterate\` it is one body for all rounds, and with \`accumulate n exact\` each batch passes twice:
there is no order in which a state could go from one call to the next. Use the module outside, or without its \`next\`:
\`frozen(net)\` runs none.

\`\`\`dcr
let scores = net(a[i], b[j]) for i, j in batch          // wrong: net has a batch normalization that is trained
let scores = frozen(net)(a[i], b[j]) for i, j in batch  // right: with the averages as they are
\`\`\`
`,
  ({ state, module, repeats, call }) => ({
    message: `\`next ${state}\` of \`${module}\` stands in ${repeats}, where calls have no order`,
    labels: [{ span: call, message: 'called here' }],
    help: '`frozen(...)` around the model runs no `next`; or call it outside',
  }),
)

export const badCopy = define<{ name: string; got?: string | undefined }>(
  'state/copy',
  'error',
  `
A state of a pipeline is a tensor with a type and an initial value, or the copy of a model or of a part of one, with all
of its parameters and states as they are when the first stage begins that reads it.

\`\`\`dcr
state queue = normal()                      // wrong: of what shape?
state queue: f32[4_096, 128] = normal()     // right
state teacher = copy(net)                   // right
\`\`\`
`,
  ({ name, got }) => ({
    message:
      got === undefined
        ? `state \`${name}\` wants a type, or the copy of a model`
        : `\`copy\` wants a model or a part of one, got ${got}`,
    help: `\`state ${name}: f32[...] = zeros\`, or \`state ${name} = copy(model)\``,
  }),
)

export const differentModels = define<{ message: string; help?: string }>(
  'state/models',
  'error',
  `
Sums of models, as in the next value of a copy, go parameter by parameter: both must have the same parameters, of the
same shapes. Products and quotients are with one number.

\`\`\`dcr
next teacher = 0.99 * teacher + 0.01 * head after update    // wrong: \`teacher\` is a copy of \`net\`
next teacher = 0.99 * teacher + 0.01 * net after update     // right
\`\`\`
`,
  ({ message, help }) => ({ message, help }),
)

export const trainedState = define<{ path: string }>(
  'state/trained',
  'error',
  `
States are not trained: \`next\` says what they hold from step to step, and no gradient reaches them. A whole model can be
named in \`train\`; its states are left out.

\`\`\`dcr
train net.bn.running_mean    // wrong
train net                    // right: the parameters of \`net\`
\`\`\`
`,
  ({ path }) => ({ message: `\`${path}\` is a state: it is not trained`, help: '`next` changes it' }),
)

export const idleNext = define<{ name: string; stages: readonly string[] }>(
  'state/idle-next',
  'warning',
  `
A next value runs in the stages whose objective needs its state. Where no objective does, the state stays as it is: what
monitors, evaluations and exports alone read is not carried on. For averages of what is trained there is \`ema\`.

\`\`\`dcr
state average = copy(net)
next average = 0.99 * average + 0.01 * net after update
stage learn { train net  minimize loss  ... }      // warning: the loss does not read \`average\`
stage learn { train net  minimize loss  ema 0.99  ... }
\`\`\`
`,
  ({ name, stages }) => ({
    message: `no stage runs \`next ${name}\`: ${
      stages.length === 0
        ? 'there is none'
        : `no objective (of ${stages.map((s) => `\`${s}\``).join(', ')}) needs \`${name}\``
    }`,
    help: 'for averages of trained parameters that evaluations and exports read there is the clause `ema`',
  }),
)

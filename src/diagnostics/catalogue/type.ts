import { define, replacing } from '../define.js'
import type { Label, Span } from '../diagnostic.js'

export const wrongType = define<{
  wanted: string
  got: string
  where?: string
  labels?: readonly Label[]
  help?: string | undefined
}>(
  'type/mismatch',
  'error',
  `
A value of one kind stands where another is wanted: a string for a number, a tensor for a static value, a float
for an int.

\`\`\`dcr
param tau: float = "0.1"   // wrong
param tau: float = 0.1     // right
\`\`\`

An \`if\` or \`match\` chooses when the file is compiled and wants a static value; to choose element by element of a
tensor use \`where(condition, a, b)\`.
`,
  ({ wanted, got, where, labels, help }) => ({
    message: `${where === undefined ? '' : `${where}: `}expected ${wanted}, got ${got}`,
    ...(labels ? { labels } : {}),
    help,
  }),
)

export const shapeMismatch = define<{
  message: string
  labels?: readonly Label[]
  why?: string | undefined
  help?: string | undefined
}>(
  'shape/mismatch',
  'error',
  `
Shapes are types: every dimension is known when the file is compiled, and a function says what it takes. The message
names the dimensions; the labels show where each expectation comes from.

\`\`\`dcr
model proj = Projector(clip.projection_dim, 768)
let c = unet(x, t, proj(z)[:, None, :])     // wrong when the UNet's condition is 1024 wide
model proj = Projector(clip.projection_dim, unet.cross_attention_dim)   // right
\`\`\`
`,
  (p) => p,
)

export const operatorMismatch = define<{
  message: string
  labels?: readonly Label[]
  help?: string | undefined
}>(
  'type/operator',
  'error',
  `
An operator does not take tensors of these shapes or element types. Tensors broadcast as in NumPy: dimensions are
compared from the right, and each pair must be equal or contain a 1. Element types must agree; \`cast(x, f32)\` converts.

\`\`\`dcr
let s = zeros([4, 3]) + zeros([4])              // wrong: 3 and 4
let s = zeros([4, 3]) + zeros([4])[:, None]     // right
\`\`\`
`,
  (p) => p,
)

export const inexactDivision = define<{ left: number; right: number }>(
  'type/inexact-division',
  'error',
  `
\`int / int\` must divide exactly: a dimension that is silently rounded is a bug that shows up far away. Say
\`floor_div(a, b)\` to round down, or \`float(a) / b\` for a fraction.

\`\`\`dcr
let grid = 225 / 14              // wrong
let grid = floor_div(225, 14)    // right: 16
\`\`\`
`,
  ({ left, right }) => ({
    message: `${left} / ${right} is not a whole number`,
    help: `floor_div(${left}, ${right}) rounds down; float(${left}) / ${right} gives a fraction`,
  }),
)

export const notFinite = define<{ what: string; got: number }>(
  'type/not-finite',
  'error',
  `
Arithmetic on static numbers gives no number, or one that is too large: a division by zero, the logarithm of 0, an int
beyond 2^53 (up to there ints are exact).

\`\`\`dcr
let scale = 1.0 / 0     // wrong
let scale = 1.0 / 8     // right
\`\`\`
`,
  ({ what, got }) => ({
    message: Number.isFinite(got) ? `${what} is beyond 2^53, where ints end` : `${what} has no finite value`,
    help: Number.isFinite(got) ? 'floats go further: write `float(...)` around a part' : undefined,
  }),
)

export const notCallable = define<{ got: string; help?: string | undefined }>(
  'type/not-callable',
  'error',
  `
Only functions, modules, records and module instances can be called.

\`\`\`dcr
let y = 3(x)        // wrong
let y = 3 * x       // right
\`\`\`
`,
  ({ got, help }) => ({ message: `${got} cannot be called`, help }),
)

export const badArguments = define<{
  message: string
  declared?: Span | undefined
  help?: string | undefined
  /** The name that was probably meant. */
  suggestion?: string | undefined
}>(
  'call/arguments',
  'error',
  `
A call gives too many arguments, leaves one out, names one that does not exist, or gives one twice.

\`\`\`dcr
let s = softmax(x, axes = 1)   // wrong
let s = softmax(x, axis = 1)   // right
\`\`\`
`,
  ({ message, declared, help, suggestion }, span) => ({
    message,
    fix: replacing(span, suggestion),
    labels: declared ? [{ span: declared, message: 'declared here' }] : [],
    help,
  }),
)

export const indexRange = define<{ index: number; length: number; what: string }>(
  'type/index-range',
  'error',
  `
An index lies outside of a list or of an axis of a tensor. Negative indices count from the end.

\`\`\`dcr
let last = x[8]     // wrong when x has 8 rows
let last = x[-1]    // right
\`\`\`
`,
  ({ index, length, what }) => ({
    message: `index ${index} is outside of ${what} of length ${length}`,
    help: length > 0 ? `indices go from 0 to ${length - 1}, or from -${length} to -1` : undefined,
  }),
)

export const noMatch = define<{ value: string; arms: string }>(
  'type/no-match',
  'error',
  `
No arm of a \`match\` fits the value. Add the arm, or \`_ => ...\` for all others.
`,
  ({ value, arms }) => ({
    message: `no arm fits ${value}`,
    help: `the arms are ${arms}; add one, or \`_ => ...\``,
  }),
)

export const tooDeep = define<{ name: string }>(
  'call/too-deep',
  'error',
  `
Functions call each other without end. Everything static is computed when the file is compiled, so a recursion must
end at a static \`if\`.
`,
  ({ name }) => ({
    message: `calls of \`${name}\` nest too deeply`,
    help: 'a recursion must end at a static `if`',
  }),
)

export const tooNested = define<undefined>(
  'call/too-nested',
  'error',
  `
Calls and expressions stand in each other too deeply for the compiler, hundreds of levels. Name a part: a local or a
\`let\`.
`,
  () => ({
    message: 'expressions and calls stand in each other too deeply here',
    help: 'give a part a name of its own',
  }),
)

export const tooLarge = define<{ what: string }>(
  'type/too-large',
  'error',
  `
A static list, constant or graph is larger than the compiler takes. Large tensors come from data, weights and draws,
not from static lists.
`,
  ({ what }) => ({ message: `${what} is too large to be computed by the compiler` }),
)

export const coupledRows = define<{ indices: string; operator: string; at: Span }>(
  'pairs/coupled',
  'error',
  `
\`f(a[i], b[j]) for i in n, j in m\` runs f on all pairs of rows at once, so f must treat every row by itself. The operator
named here mixes rows: a mean over the batch, a product between rows, a softmax along the first axis.

\`\`\`dcr
let p = (a[i] - mean(a[i], axis = 0)) * b[j] for i, j in n    // wrong: the mean mixes rows
\`\`\`
`,
  ({ indices, operator, at }) => ({
    message: `the function of \`for ${indices}\` mixes rows`,
    labels: [{ span: at, message: `${operator} mixes rows here` }],
    help: 'compute what mixes rows in a `let` of its own',
  }),
)

export const badPairs = define<{ message: string; help?: string | undefined }>(
  'pairs/rows',
  'error',
  `
In \`f(a[i], b[j]) for i in n, j in m\` only tensors whose first axis has length n can be indexed by i, and those with
length m by j; the result must have one row per pair. \`for i, j in n\` is short for \`for i in n, j in n\`.
`,
  (p) => p,
)

export const unnamedWeights = define<{ module: string }>(
  'model/unnamed',
  'error',
  `
A module with parameters is made inside an expression. Parameters belong to a \`model\`, whose tree of members gives
them their names.

\`\`\`dcr
let y = Linear(4, 2)(x)       // wrong
model head = Linear(4, 2)     // right
let y = head(x)
\`\`\`
`,
  ({ module }) => ({
    message: `the parameters of this ${module} belong to no model`,
    help: `declare it: \`model name = ${module}(...)\``,
  }),
)

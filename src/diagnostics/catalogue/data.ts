import { define, replacing } from '../define.js'
import type { Span } from '../diagnostic.js'

const list = (names: readonly string[]): string => names.map((n) => `\`${n}\``).join(', ')

export const unknownSource = define<{
  name: string
  suggestion?: string | undefined
  known: readonly string[]
}>(
  'data/unknown-source',
  'error',
  `
\`data x = source(...)\` names a source, an operation on rows or another declaration that does not exist.

\`\`\`dcr
data digits = minst(split = "test") { image: f32[3, 32, 32] = image }   // wrong
data digits = mnist(split = "test") { image: f32[3, 32, 32] = image }   // right
\`\`\`
`,
  ({ name, suggestion, known }, span) => ({
    fix: replacing(span, suggestion),
    message: `there is no data \`${name}\``,
    help:
      suggestion !== undefined
        ? `did you mean \`${suggestion}\`?`
        : known.length > 0
          ? `there are ${list(known)}`
          : 'a source is called: `mnist(split = "test")`',
  }),
)

export const badField = define<{
  message: string
  help?: string | undefined
  /** The name that was probably meant. */
  suggestion?: string | undefined
}>(
  'data/field',
  'error',
  `
A field of a \`data { }\` block gives a column of the source, or a host function of one, with its type.

\`\`\`dcr
data emoji = emoji_art(styles = ["noto"]) {
  image:   f32[3, 32, 32] = image
  caption: i64[8]         = word_tokens(name, length = 8, vocabulary = "words.txt")
}
\`\`\`
`,
  ({ suggestion, ...p }, span) => ({ ...p, fix: replacing(span, suggestion) }),
)

export const noRows = define<{ data: string; stage: string; read: Span }>(
  'data/rows',
  'error',
  `
\`data x = source(...) rows 32 { ... }\` says that the fields of x are tensors of 32 rows, and thus how many a step of a
stage takes. Only where no stage reads a data set may its rows be left out: to an evaluation, which goes through all
rows, their number makes no difference.

\`\`\`dcr
data digits = mnist(split = "train", size = 8) { image: f32[3, 8, 8] = image }              // wrong
data digits = mnist(split = "train", size = 8) rows 64 { image: f32[3, 8, 8] = image }      // right
let x = flatten(digits.image, 1)   // [64, 192]
\`\`\`
`,
  ({ data, stage, read }) => ({
    message: `stage \`${stage}\` reads \`${data}\`, which does not say how many rows it gives`,
    labels: [{ span: read, message: 'read here' }],
    help: `say it behind the source: \`data ${data} = source(...) rows 32 { ... }\``,
  }),
)

export const badRange = define<{ from: number; to: number }>(
  'data/range',
  'error',
  `
\`part(all, 0%..80%)\` takes the rows from one share of them to another: both lie between \`0%\` and \`100%\`, and the
second is larger.

\`\`\`dcr
data test = part(all, 80%..120%)   // wrong
data test = part(all, 80%..100%)   // right
\`\`\`
`,
  ({ from, to }) => ({
    message:
      from >= to
        ? `from ${percent(from)} to ${percent(to)} there is nothing`
        : `from ${percent(from)} to ${percent(to)} is more than there is`,
    help: 'a part lies between `0%` and `100%`: `80%..100%`',
  }),
)

const percent = (share: number): string => `${Number((100 * share).toFixed(6))}%`

export const badCondition = define<{ message: string; help: string | undefined }>(
  'data/condition',
  'error',
  `
The condition of \`where\` compares columns of rows, each with one number or text a row, with each other and with values
of the pipeline. Comparisons are joined by \`and\`, \`or\` and \`not\`.

\`\`\`dcr
data few = where(digits, digit)                       // wrong
data few = where(digits, digit < 5 and digit != 2)    // right
\`\`\`
`,
  (p) => p,
)

export const badMix = define<{ message: string; help?: string }>(
  'data/operation',
  'error',
  `
\`part\`, \`limit\`, \`where\` and \`mix\` take rows of other declarations. In a mix with weights, each part gives the next
row that often, and goes through its own rows; without weights all rows are one set, whose number must be known.

\`\`\`dcr
data both = mix([photos, drawings], weights = [3])      // wrong
data both = mix([photos, drawings], weights = [3, 1])   // right
\`\`\`
`,
  (p) => p,
)

export const unlikeMix = define<{ message: string; first: Span }>(
  'data/unlike',
  'error',
  `
The declarations that \`mix\` takes must have the same fields, with the same types, since their rows stand in one batch.

\`\`\`dcr
data a = mnist(split = "train") { image: f32[3, 32, 32] = image, label: i64[] = digit }
data b = emoji_art() { image: f32[3, 32, 32] = image }                           // wrong
data b = emoji_art() { image: f32[3, 32, 32] = image, label: i64[] = concept }   // right
data both = mix([a, b])
\`\`\`
`,
  ({ message, first }) => ({
    message,
    labels: [{ span: first, message: 'the first' }],
    help: 'declare the same fields in all of them',
  }),
)

export const emptyRows = define<{ data: string }>(
  'data/empty',
  'error',
  `
A declaration takes a part of so few rows that none is left, so no batch can be made of it.
`,
  ({ data }) => ({ message: `data \`${data}\` has no rows`, help: 'take a larger part' }),
)

export const fewRows = define<{ data: string; rows: number; length: number }>(
  'data/few-rows',
  'warning',
  `
\`rows\` asks for more rows at a time than there are, so some stand in a batch twice. To a loss that compares the rows of a
batch with each other they are no two rows.
`,
  ({ data, rows, length }) => ({
    message: `a batch of \`${data}\` has ${rows} rows, of ${length} that there are`,
    help: 'take fewer rows at a time, or more data',
  }),
)

export const overlap = define<{ data: string; trained: string; of: Span }>(
  'data/overlap',
  'warning',
  `
A data set that only evaluations read, and one that a stage reads, are parts of the same rows that may share some: what is
measured was perhaps learned by heart. Parts share no row where both divide the same rows, by the same column and with the
same seed, and their ranges follow each other.

\`\`\`dcr
data train = part(all, 0%..80%)
data test = part(all, 70%..100%)   // wrong
data test = part(all, 80%..100%)   // right
\`\`\`
`,
  ({ data, trained, of }) => ({
    message: `\`${data}\` is measured and may share rows with \`${trained}\`, which is trained on`,
    labels: [{ span: of, message: 'trained on' }],
    help: 'let their ranges follow each other, with the same `by` and `seed`',
  }),
)

export const keptDraws = define<{ callee: string; draws: string }>(
  'data/kept-draws',
  'error',
  `
\`cached\` keeps a picture for all epochs, so nothing that it is made of may draw: every epoch would see the same picture.
What draws stands outside of it.

\`\`\`dcr
image: f32[3, 64, 64] = cached(random_resized_crop(image, 64))               // wrong
image: f32[3, 64, 64] = random_resized_crop(cached(resize(image, 96)), 64)   // right
\`\`\`
`,
  ({ callee, draws }) => ({
    message: `\`${callee}\` would keep what \`${draws}\` draws`,
    help: `draw outside: \`${draws}(${callee}(...))\``,
  }),
)

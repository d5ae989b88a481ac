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
\`data x = source(...)\` names a source that does not exist.

\`\`\`dcr
data digits = minst(split = "test") { image: f32[3, 32, 32] = image }   // wrong
data digits = mnist(split = "test") { image: f32[3, 32, 32] = image }   // right
\`\`\`
`,
  ({ name, suggestion, known }, span) => ({
    fix: replacing(span, suggestion),
    message: `there is no data source \`${name}\``,
    help: suggestion === undefined ? `there are ${list(known)}` : `did you mean \`${suggestion}\`?`,
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

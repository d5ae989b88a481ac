import { define, replacing } from '../define.js'
import type { Label } from '../diagnostic.js'

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

export const badRows = define<{
  message: string
  labels?: readonly Label[]
  help?: string | undefined
}>(
  'data/rows',
  'error',
  `
\`mnist.image of [32]\` takes 32 rows of a data set as a tensor; all fields that a stage takes of one data set come from the
same rows, so it takes the same number everywhere.

\`\`\`dcr
let x = mnist.image of [32]
let y = mnist.digit of [16]    // wrong: of the same data set
let y = mnist.digit of [32]    // right
\`\`\`
`,
  (p) => p,
)

export const unknownEvaluation = define<{
  name: string
  suggestion?: string | undefined
  known: readonly string[]
}>(
  'evaluate/unknown-kind',
  'error',
  `
\`evaluate x = kind(...)\` names a kind of evaluation that does not exist.
`,
  ({ name, suggestion, known }, span) => ({
    fix: replacing(span, suggestion),
    message: `there is no evaluation \`${name}\``,
    help: suggestion === undefined ? `there are ${list(known)}` : `did you mean \`${suggestion}\`?`,
  }),
)

export const badEvaluation = define<{ message: string; help?: string | undefined }>(
  'evaluate/arguments',
  'error',
  `
An argument of an evaluation is of the wrong kind. Its functions take fields of its data, by name:

\`\`\`dcr
fn features(image) = clip.image_features(image)
fn label(digit) = digit
evaluate digits = clustering(data = mnist, features = features, label = label)
\`\`\`
`,
  (p) => p,
)

import { define, replacing } from '../define.js'
import type { Label, Span } from '../diagnostic.js'

const list = (names: readonly string[]): string => names.map((n) => `\`${n}\``).join(', ')

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

export const badEvaluation = define<{
  message: string
  help?: string | undefined
  labels?: readonly Label[]
}>(
  'evaluate/arguments',
  'error',
  `
An argument of an evaluation is of the wrong kind. Arguments that stand for rows are expressions over the fields of one data
set, with a value for each row; all its rows are seen once:

\`\`\`dcr
fn features(image) = clip.image_features(image)
evaluate d = clustering(features = features(digits.image), label = digits.digit)
\`\`\`

Arguments that stand for a batch are expressions over whatever the pipeline has; they are computed on \`batches\` random
batches.
`,
  (p) => p,
)

export const coupledRows = define<{ argument: string; data: string; operator: string; at: Span }>(
  'evaluate/coupled',
  'error',
  `
An argument of an evaluation stands for one row of a data set, and what it computes of a row depends on the rows beside it:
which those are would decide the result. The operator that mixes rows is named.

\`\`\`dcr
fn features(image) = clip.image_features(image)
fn centred(z) = z - mean(z, axis = 0, keep = true)
evaluate d = clustering(features = centred(features(digits.image)), label = digits.digit)   // wrong
evaluate d = clustering(features = features(digits.image), label = digits.digit)            // right
\`\`\`
`,
  ({ argument, data, operator, at }, span) => ({
    message: `\`${argument}\` mixes the rows of \`${data}\`: ${operator} makes each depend on the others`,
    ...(at === span ? {} : { labels: [{ span: at, message: 'rows are mixed here' }] }),
    help: 'compute it from each row by itself',
  }),
)

import { define } from '../define.js'
import { listed } from '../listed.js'

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
          ? `the pipeline declares ${listed(declared)}`
          : 'the pipeline declares no data',
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

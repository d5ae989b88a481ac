import { define, replacing } from '../define.js'
import type { Span } from '../diagnostic.js'

const list = (names: readonly string[]): string => names.map((n) => `\`${n}\``).join(', ')

export const emptyAblation = define<{ name: string }>(
  'ablation/empty',
  'error',
  `
An ablation has no variant, nothing that it varies and no seeds: there is nothing to compare.

\`\`\`dcr
ablation temperature of dcr {}                             // wrong
ablation temperature of dcr { vary tau in [0.05, 0.1] }    // right
\`\`\`
`,
  ({ name }) => ({
    message: `ablation \`${name}\` compares nothing`,
    help: 'add `variant name { ... }`, `vary param in [...]` or `seeds 0..=2`',
  }),
)

export const unknownVaried = define<{
  name: string
  variant: string
  suggestion?: string | undefined
  known: readonly string[]
}>(
  'ablation/unknown-param',
  'error',
  `
\`vary\` takes a \`param\` of the pipeline, which every variant must have.

\`\`\`dcr
ablation temperature of dcr { vary tua in [0.05, 0.1] }   // wrong
ablation temperature of dcr { vary tau in [0.05, 0.1] }   // right
\`\`\`
`,
  ({ name, variant, suggestion, known }, span) => ({
    fix: replacing(span, suggestion),
    message: `variant \`${variant}\` has no param \`${name}\` to vary`,
    help:
      suggestion !== undefined
        ? `did you mean \`${suggestion}\`?`
        : known.length > 0
          ? `it has ${list(known)}`
          : 'it has no params',
  }),
)

export const badVaried = define<{ message: string; help?: string }>(
  'ablation/values',
  'error',
  `
\`vary\` takes a list of different values of a param, \`seeds\` a list of different whole numbers from 0 on. All variants,
values and seeds together are what \`dcrc\` would run.

\`\`\`dcr
ablation temperature of dcr { vary tau in 0.1; seeds 3 }           // wrong
ablation temperature of dcr { vary tau in [0.1]; seeds 0..3 }      // right
\`\`\`
`,
  (p) => p,
)

export const setTwice = define<{ what: string; first: Span }>(
  'ablation/twice',
  'error',
  `
An ablation gives its seeds and its primary metrics once, varies a param once, and varies none that one of its variants overrides: one of both
would have no effect.

\`\`\`dcr
ablation a of dcr { vary tau in [0.1]; variant b { override param tau = 0.2 } }   // wrong
ablation a of dcr { vary tau in [0.1, 0.2] }                                             // right
\`\`\`
`,
  ({ what, first }) => ({
    message: `${what} is given twice`,
    labels: [{ span: first, message: 'first here' }],
    help: 'drop one of them',
  }),
)

export const badSelection = define<{ message: string; help: string; first?: Span }>(
  'ablation/select',
  'error',
  `
\`select lr in [...] by valid.accuracy on seeds 100..103\` gives each variant the value that measures best, before the
variants are compared. What chooses must not be what compares: its seeds are none of \`seeds\`, and the data that it
measures on share no row with those of the \`primary\` metrics. That two data declarations share none is known of parts of
one declaration that do not overlap, of different splits or styles of a set, and of different sources.

\`\`\`dcr
ablation a of p { select lr in [0.1, 1.0] by test.accuracy on seeds 0..3; seeds 0..5; primary test.accuracy }         // wrong
ablation a of p { select lr in [0.1, 1.0] by valid.accuracy on seeds 100..103; seeds 0..5; primary test.accuracy }    // right
\`\`\`
`,
  ({ message, help, first }) => ({
    message,
    help,
    ...(first ? { labels: [{ span: first, message: 'compared here' }] } : {}),
  }),
)

export const ablationOption = define<{ name: string; option: string }>(
  'ablation/option',
  'error',
  `
An option that is about one pipeline was given for an ablation, whose variants may have other stages.

\`\`\`sh
dcrc run ablation.dcr --stage align      # wrong
dcrc run pipeline.dcr --stage align      # right
\`\`\`
`,
  ({ name, option }) => ({
    message: `${option} is not for an ablation, which \`${name}\` is`,
    help: 'leave it out, or run one of its pipelines',
  }),
)

export const setAndVaried = define<{ name: string }>(
  'ablation/set',
  'error',
  `
\`--set\` gives a param one value for all runs, and the ablation varies it: one of both would have no effect.

\`\`\`sh
dcrc run temperature.dcr --set tau=0.1     # wrong, where the ablation says \`vary tau in [...]\`
dcrc run dcr.dcr --set tau=0.1             # right
\`\`\`
`,
  ({ name }) => ({
    message: `\`--set\` gives \`${name}\`, which the ablation varies`,
    help: 'leave out `--set`, or run the pipeline by itself',
  }),
)

export const sameVariant = define<{ label: string; other: string }>(
  'ablation/same',
  'warning',
  `
Two variants compute the same: their stages and evaluations are equal, whatever they are called, so their rows will be
too. Nothing is trained twice for that.

\`\`\`dcr
ablation tau of dcr { variant dcr {}; variant low { override param tau = 0.1 } }   // wrong, where tau is 0.1
ablation tau of dcr { variant dcr {}; variant low { override param tau = 0.05 } }
\`\`\`
`,
  ({ label, other }) => ({
    message: `\`${label}\` computes the same as \`${other}\``,
    help: 'change what it was meant to change, or leave it out',
  }),
)

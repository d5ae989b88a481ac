import { define, replacing } from '../define.js'

const list = (names: readonly string[]): string => names.map((n) => `\`${n}\``).join(', ')

export const unknownRule = define<{
  name: string
  /** There is an error of this name. */
  error: boolean
  suggestion?: string | undefined
  known: readonly string[]
}>(
  'allow/unknown-rule',
  'error',
  `
\`allow\` names the warning that is meant: the code behind its \`/\`, with \`_\` for \`-\`. Errors cannot be allowed.

\`\`\`dcr
allow coupled_acumulation "as published"    // wrong
allow coupled_accumulation "as published"   // right
\`\`\`
`,
  ({ name, error, suggestion, known }, span) => ({
    fix: replacing(span, error ? undefined : suggestion),
    message: error ? `\`${name}\` is an error, which cannot be allowed` : `there is no warning \`${name}\``,
    help: error || suggestion === undefined ? `there are ${list(known)}` : `did you mean \`${suggestion}\`?`,
  }),
)

export const allowWithoutReason = define<{ rule: string }>(
  'allow/no-reason',
  'error',
  `
\`allow\` says in quotes why a warning is meant. Whoever reads the file wants to know.

\`\`\`dcr
allow coupled_accumulation ""               // wrong
allow coupled_accumulation "as published"   // right
\`\`\`
`,
  ({ rule }) => ({
    message: `this does not say why \`${rule}\` is allowed`,
    help: 'write the reason in the quotes',
  }),
)

export const needlessAllow = define<{ rule: string; stage?: string | undefined }>(
  'allow/needless',
  'warning',
  `
Nothing here is warned of by the rule that \`allow\` names: the file has changed, or the warning comes from elsewhere. A
warning about one stage may be allowed in that stage or in its pipeline, any other in the pipeline only.
`,
  ({ rule, stage }, span) => ({
    fix: { span, text: '' },
    message: `${stage === undefined ? 'nothing here' : `nothing in stage \`${stage}\``} is warned of by \`${rule}\``,
    help: stage === undefined ? 'take it out' : 'take it out, or move it to the pipeline',
  }),
)

import { define, replacing } from '../define.js'

const list = (names: readonly string[]): string => names.map((n) => `\`${n}\``).join(', ')

export const unknownWarning = define<{
  code: string
  /** It is the code of an error. */
  error: boolean
  suggestion?: string | undefined
  known: readonly string[]
}>(
  'allow/unknown-warning',
  'error',
  `
\`allow\` names the warning that is meant by its code, as messages show it. Errors cannot be allowed.

\`\`\`dcr
allow "stage/coupled-acumulation" "as published"    // wrong
allow "stage/coupled-accumulation" "as published"   // right
\`\`\`
`,
  ({ code, error, suggestion, known }, span) => ({
    fix: replacing(span, error || suggestion === undefined ? undefined : `"${suggestion}"`),
    message: error ? `\`${code}\` is an error, which cannot be allowed` : `there is no warning \`${code}\``,
    help: error || suggestion === undefined ? `there are ${list(known)}` : `did you mean \`${suggestion}\`?`,
  }),
)

export const allowWithoutReason = define<{ code: string }>(
  'allow/no-reason',
  'error',
  `
\`allow\` says in quotes why a warning is meant. Whoever reads the file wants to know.

\`\`\`dcr
allow "stage/coupled-accumulation" ""               // wrong
allow "stage/coupled-accumulation" "as published"   // right
\`\`\`
`,
  ({ code }) => ({
    message: `this does not say why \`${code}\` is allowed`,
    help: 'write the reason in the quotes',
  }),
)

export const needlessAllow = define<{ code: string; stage?: string | undefined }>(
  'allow/needless',
  'warning',
  `
Nothing here is warned of by the code that \`allow\` names: the file has changed, or the warning comes from elsewhere. A
warning about one stage may be allowed in that stage or in its pipeline, any other in the pipeline only.
`,
  ({ code, stage }, span) => ({
    fix: { span, text: '' },
    message: `${stage === undefined ? 'nothing here' : `nothing in stage \`${stage}\``} is warned of by \`${code}\``,
    help: stage === undefined ? 'take it out' : 'take it out, or move it to the pipeline',
  }),
)

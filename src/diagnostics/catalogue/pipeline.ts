import type { Span } from '../diagnostic.js'
import { define, replacing } from '../define.js'

export const noPipeline = define<{
  wanted?: string | undefined
  known: readonly string[]
  ablations: readonly string[]
}>(
  'pipeline/none',
  'error',
  `
The file declares no pipeline, or not the one asked for with \`FILE#name\`. A pipeline is what can be compiled and run;
\`dcrc check\` also takes files without one, which declare what others use:

\`\`\`dcr
pipeline first {
  data mnist = mnist(split = "train") { image: f32[3, 32, 32] = image }
  ...
}
\`\`\`
`,
  ({ wanted, known, ablations }) => ({
    message:
      wanted === undefined
        ? 'this file declares no pipeline'
        : `there is no pipeline \`${wanted}\` in this file`,
    help:
      known.length > 0
        ? `it declares ${known.map((k) => `\`${k}\``).join(', ')}`
        : ablations.length > 0
          ? `it declares ablations: ${ablations.join(', ')}; this is about one pipeline, of the file that they compare`
          : 'add `pipeline name { ... }`',
  }),
)

export const severalPipelines = define<{
  file: string
  known: readonly string[]
  what?: 'pipelines' | 'ablations'
}>(
  'pipeline/several',
  'error',
  `
The file declares several pipelines, or none and several ablations; say which one with \`FILE#name\`.
`,
  ({ file, known, what = 'pipelines' }) => ({
    message: `this file declares ${known.length} ${what}`,
    help: `choose one: ${known.map((k) => `${file}#${k}`).join(', ')}`,
  }),
)

export const notAPipeline = define<{ name: string }>(
  'pipeline/not-a-pipeline',
  'error',
  `
\`pipeline b extends a\` wants a pipeline after \`extends\`: one of this file, or one that \`use\` brings in.

\`\`\`dcr
use "./dcr.dcr" { dcr }
pipeline naive extends dcr { ... }
\`\`\`
`,
  ({ name }) => ({
    message: `\`${name}\` is not a pipeline`,
    help: 'declare it here, or bring it in: `use "./file.dcr" { name }`',
  }),
)

export const extendsCycle = define<{ names: readonly string[] }>(
  'pipeline/cycle',
  'error',
  `
A pipeline extends itself, directly or through others.
`,
  ({ names }) => ({ message: `pipeline \`${names[0]}\` extends itself`, why: names.join(' extends ') }),
)

export const extendsTooLong = define<{ name: string; most: number }>(
  'pipeline/chain',
  'error',
  `
A pipeline extends another, which extends another, and so on, through more pipelines than anyone could follow. Extend one
nearer to the beginning.
`,
  ({ name, most }) => ({
    message: `\`${name}\` extends through more than ${most} pipelines`,
    help: 'extend a pipeline nearer to the beginning of the chain',
  }),
)

interface Absent {
  readonly kind: string
  readonly name: string
  readonly suggestion?: string | undefined
  /** The kind of the declaration that has the name. */
  readonly other?: string | undefined
}

export const nothingToOverride = define<Absent>(
  'pipeline/nothing-to-override',
  'error',
  `
\`override\` replaces an inherited declaration of the same kind and name; here there is none. It cannot add: a spelling
mistake would silently change nothing.

\`\`\`dcr
override param tua = 0.2    // wrong
override param tau = 0.2    // right
\`\`\`
`,
  ({ kind, name, suggestion, other }, span) => ({
    fix: replacing(span, other === undefined ? suggestion : undefined),
    message: `there is no inherited ${kind} \`${name}\` to override`,
    help:
      other === kind
        ? `it is declared here: drop one of them`
        : other !== undefined
          ? `\`${name}\` is a ${other}; write \`override ${other} ${name}\``
          : suggestion === undefined
            ? 'drop `override` to add it'
            : `did you mean \`${suggestion}\`?`,
  }),
)

export const nothingToRemove = define<Absent>(
  'pipeline/nothing-to-remove',
  'error',
  `
\`remove\` drops an inherited declaration of the given kind and name; here there is none.
`,
  ({ kind, name, suggestion, other }) => ({
    message: `there is no inherited ${kind} \`${name}\` to remove`,
    help:
      other !== undefined
        ? `\`${name}\` is a ${other}; write \`remove ${other} ${name}\``
        : suggestion === undefined
          ? undefined
          : `did you mean \`${suggestion}\`?`,
  }),
)

export const needsOverride = define<{
  kind: string
  name: string
  inherited: Span
  /** Where the declaration starts. */
  declaration: Span
}>(
  'pipeline/needs-override',
  'error',
  `
A declaration has the name of an inherited one. If it is to replace it, say so with \`override\`.
`,
  ({ kind, name, inherited, declaration }) => ({
    fix: { span: { ...declaration, end: declaration.start }, text: 'override ' },
    message: `${kind} \`${name}\` is inherited already`,
    labels: [{ span: inherited, message: 'inherited from here' }],
    // a field has no word of its own
    help: `write \`override ${kind === 'field' ? '' : `${kind} `}${name}\` to replace it`,
  }),
)

export const unknownSetting = define<{
  name: string
  suggestion?: string | undefined
  known: readonly string[]
}>(
  'pipeline/unknown-param',
  'error',
  `
\`--set name=value\` names something that is no \`param\` of the pipeline. Params are what may be set from outside:

\`\`\`dcr
param tau: float = 0.1
\`\`\`
`,
  ({ name, suggestion, known }) => ({
    message: `the pipeline has no param \`${name}\` to set`,
    help:
      suggestion !== undefined
        ? `did you mean \`${suggestion}\`?`
        : known.length > 0
          ? `it has ${known.map((k) => `\`${k}\``).join(', ')}`
          : 'it has no params',
  }),
)

export const badSetting = define<{ name: string; text: string; wanted: string }>(
  'pipeline/bad-param',
  'error',
  `
The value given with \`--set\` does not have the type of the param.

\`\`\`sh
dcrc run dcr.dcr --set tau=high    # wrong: tau is a float
dcrc run dcr.dcr --set tau=0.2     # right
\`\`\`
`,
  ({ name, text, wanted }) => ({ message: `\`${name}\` takes ${wanted}, not \`${text}\`` }),
)

export const idlePipeline = define<{ name: string }>(
  'pipeline/idle',
  'warning',
  `
A pipeline has no stage, no evaluation and no export: running it does nothing.

\`\`\`dcr
pipeline base { model head = Linear(4, 2) }              // runs nothing
pipeline base { model head = Linear(4, 2); export head }   // writes its model
\`\`\`
`,
  ({ name }) => ({
    message: `pipeline \`${name}\` runs nothing: it has no stage, no evaluation and no export`,
    help: 'add a `stage`, or say `allow "pipeline/idle" "others extend it"`',
  }),
)

/** A text that a `match` or a comparison asks for. */
interface AskedText {
  readonly text: string
  /** What it is asked of: "param `target`". */
  readonly what: string
  readonly texts: readonly string[]
  /** The text that it was probably meant to be. */
  readonly suggestion: string | undefined
  /** Where the texts are declared. */
  readonly declared: Span
}

const quoted = (texts: readonly string[], joint: string): string =>
  texts.map((text) => JSON.stringify(text)).join(joint)

const meant = (suggestion: string | undefined, otherwise: string): string =>
  suggestion === undefined ? otherwise : `did you mean ${JSON.stringify(suggestion)}?`

const textInPlace = (span: Span, suggestion: string | undefined) =>
  replacing(span, suggestion === undefined ? undefined : JSON.stringify(suggestion))

export const deadArm = define<AskedText>(
  'pipeline/dead-arm',
  'warning',
  `
An arm of a \`match\` asks for a text that the type of the value does not have, so it is never taken: a slip that would
show only when somebody chooses the text that was meant.

\`\`\`dcr
param target: "eps" | "velocity" = "eps"
let goal = match target { "eps" => e, "velocty" => v }    // wrong
let goal = match target { "eps" => e, "velocity" => v }   // right
\`\`\`
`,
  ({ text, what, texts, suggestion, declared }, span) => ({
    fix: textInPlace(span, suggestion),
    message: `this arm is never taken: ${what} is never ${JSON.stringify(text)}`,
    labels: [{ span: declared, message: `${quoted(texts, ' or ')}, declared here` }],
    help: meant(suggestion, 'drop the arm, or add the text to the type'),
  }),
)

export const repeatedArm = define<{ pattern: string; first: Span }>(
  'pipeline/repeated-arm',
  'warning',
  `
An arm of a \`match\` asks for what an arm above it takes already, so it is never taken.

\`\`\`dcr
let width = match size { "small" => 64, "small" => 256 }   // wrong
let width = match size { "small" => 64, _ => 256 }         // right
\`\`\`
`,
  ({ pattern, first }) => ({
    message: `this arm is never taken: ${pattern === '_' ? 'an arm above takes all' : `${pattern} has an arm above`}`,
    labels: [{ span: first, message: 'taken here' }],
    help: pattern === '_' ? 'put `_ => ...` last' : 'drop one of the two',
  }),
)

export const deadComparison = define<AskedText & { holds: boolean }>(
  'pipeline/dead-comparison',
  'warning',
  `
A value is compared with a text that its type does not have, so the comparison says the same whatever is chosen.

\`\`\`dcr
param target: "eps" | "velocity" = "eps"
let goal = if target == "velocty" { v } else { e }    // wrong
let goal = if target == "velocity" { v } else { e }   // right
\`\`\`
`,
  ({ text, what, texts, suggestion, declared, holds }, span) => ({
    fix: textInPlace(span, suggestion),
    message: `this comparison ${holds ? 'always' : 'never'} holds: ${what} is never ${JSON.stringify(text)}`,
    labels: [{ span: declared, message: `${quoted(texts, ' or ')}, declared here` }],
    help: meant(suggestion, 'drop the comparison, or add the text to the type'),
  }),
)

export const unhandledText = define<{
  text: string
  /** What may be that: "param `target`". */
  what: string
  /** What does not take it; a `match` where it is left out. */
  by: string | undefined
  taken: readonly string[]
  /** What the text should be. */
  suggestion: string | undefined
  /** Whether it is told at the text; if not, at what does not take it. */
  isText: boolean
  /** The other one of the two places. */
  other: Span
}>(
  'pipeline/unhandled-text',
  'warning',
  `
A type names a text for which something that reads the value has no use: a \`match\` without an arm for it, or a parameter
that does not take it. Whoever chooses the text gets an error.

\`\`\`dcr
param target: "eps" | "velocity" = "eps"
let goal = match target { "eps" => e }                   // wrong
let goal = match target { "eps" => e, "velocity" => v }  // right
let goal = match target { "eps" => e, _ => v }           // right
\`\`\`
`,
  ({ text, what, by, taken, suggestion, isText, other }, span) => ({
    fix: textInPlace(span, suggestion),
    message: `${what} may be ${JSON.stringify(text)}, ${by === undefined ? 'for which a `match` has no arm' : `which ${by} does not take`}`,
    labels: [{ span: other, message: isText ? 'no use for it here' : 'declared here' }],
    help: meant(
      suggestion,
      by === undefined
        ? `it has arms for ${quoted(taken, ', ')}; add one, or \`_ => ...\``
        : `it takes ${quoted(taken, ' or ')}`,
    ),
  }),
)

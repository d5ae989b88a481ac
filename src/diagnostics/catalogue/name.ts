import { define, replacing } from '../define.js'
import type { Fix, Label, Span } from '../diagnostic.js'

const quote = (names: readonly string[]): string => names.map((n) => `\`${n}\``).join(', ')

export const unknownName = define<{
  name: string
  suggestion?: string | undefined
  what?: string
  /** All there are, where those are few. */
  known?: readonly string[]
  labels?: readonly Label[]
  /** Whether a `let` could declare it here. */
  declare?: boolean
  /** The library module that has it, and how to bring it in. */
  library?: { readonly from: string; readonly fix: Fix }
}>(
  'name/unknown',
  'error',
  `
A name is used that nothing declares: not a local, a parameter, a declaration of the pipeline or the file, a
\`use\`, or a function of the library.

\`\`\`dcr
fn twice(x) = y + y     // wrong: y
fn twice(x) = x + x     // right
\`\`\`
`,
  ({ name, suggestion, what = 'name', known, labels = [], library, declare = false }, span) => ({
    fix: library?.fix ?? replacing(span, suggestion),
    message: `there is no ${what} \`${name}\``,
    labels,
    help: library
      ? `the library has it: \`use ${library.from} { ${name} }\``
      : suggestion !== undefined
        ? `did you mean \`${suggestion}\`?`
        : known && known.length > 0
          ? `there are ${quote(known)}`
          : declare && labels.length === 0
            ? `declare it, as with \`let ${name} = ...\`; a text stands in quotes: \`"${name}"\``
            : undefined,
  }),
)

export const unknownField = define<{
  name: string
  object: string
  suggestion?: string | undefined
  known: readonly string[]
  help?: string | undefined
}>(
  'name/unknown-field',
  'error',
  `
\`x.name\` reads a member that x does not have.

\`\`\`dcr
let d = clip.projection_dims    // wrong
let d = clip.projection_dim     // right
\`\`\`
`,
  ({ name, object, suggestion, known, help }, span) => ({
    fix: replacing(span, suggestion),
    message: `${object} has no member \`${name}\``,
    help:
      suggestion !== undefined
        ? `did you mean \`${suggestion}\`?`
        : known.length > 0
          ? `it has ${quote(known.slice(0, 12))}${known.length > 12 ? ', ...' : ''}`
          : help,
  }),
)

export const duplicateName = define<{ name: string; first: Span }>(
  'name/duplicate',
  'error',
  `
Two declarations of one place have the same name. In a pipeline that \`extends\` another, say \`override\` to
replace an inherited declaration.

\`\`\`dcr
let z = a
let z = b            // wrong
override let z = b   // right, where the first is inherited
\`\`\`
`,
  ({ name, first }) => ({
    message: `\`${name}\` is declared twice`,
    labels: [{ span: first, message: 'first declared here' }],
    help: 'give one of them another name',
  }),
)

export const unknownFile = define<{
  path: string
  tried: string
  suggestion?: string | undefined
  /** A name that is used from it, and the module that declares it. */
  holder?: { readonly name: string; readonly module: string } | undefined
  /** What the library has; none for a path in quotes. */
  modules?: readonly string[]
}>(
  'name/no-file',
  'error',
  `
\`use\` names a file or library module that does not exist. Library modules are the files of \`pipelines/std\`;
a path in quotes is relative to the file that uses it.

\`\`\`dcr
use std.lossses { mse }       // wrong
use std.losses { dcr_loss }   // right
use "./dcr.dcr" { dcr }       // a file beside this one
\`\`\`
`,
  ({ path, tried, suggestion, holder, modules = [] }) => ({
    message: `cannot find \`${path}\``,
    help:
      suggestion !== undefined
        ? `did you mean \`${suggestion}\`?`
        : holder !== undefined
          ? `\`${holder.name}\` is in \`${holder.module}\``
          : modules.length > 0
            ? `there are ${modules.join(', ')}`
            : `looked for ${tried}`,
  }),
)

export const notExported = define<{
  name: string
  from: string
  suggestion?: string | undefined
  known: readonly string[]
}>(
  'name/not-in-file',
  'error',
  `
\`use\` asks a file for a name that it does not declare.

\`\`\`dcr
use std.nn { Linaer }   // wrong
use std.nn { Linear }   // right
\`\`\`
`,
  ({ name, from, suggestion, known }, span) => ({
    fix: replacing(span, suggestion),
    message: `\`${from}\` declares no \`${name}\``,
    help:
      suggestion === undefined
        ? `it declares ${quote(known.slice(0, 12))}`
        : `did you mean \`${suggestion}\`?`,
  }),
)

export const circularName = define<{ names: readonly string[]; help?: string }>(
  'name/cycle',
  'error',
  `
A value is defined by itself, directly or through others.

\`\`\`dcr
let a = b + 1
let b = a       // wrong
\`\`\`
`,
  ({ names, help }) => ({ message: `\`${names[0]}\` is defined by itself`, why: names.join(' -> '), help }),
)

/** What never happens to an unused declaration of a kind. */
const fates: Readonly<Record<string, string>> = { fn: 'called', module: 'made', record: 'made' }

export const unusedName = define<{ kind: string; name: string; declaration: Span }>(
  'name/unused',
  'warning',
  `
A declaration of this file that nothing uses: no stage, evaluation or export needs it, so it is never computed.
Remove it, or use it. Inherited declarations, those of the library, and the top of a file without a pipeline are not
reported.
`,
  ({ kind, name, declaration }) => ({
    message: `${kind} \`${name}\` is never used`,
    fix: { span: declaration, text: '' },
    help:
      kind === 'import'
        ? 'take it out of `use`'
        : `no stage, evaluation or export needs it, so it is never ${fates[kind] ?? 'computed'}; remove it or use it`,
  }),
)

export const unset = define<{
  name: string
  /** A member of a module, not a local. */
  member?: boolean
}>(
  'name/unset',
  'error',
  `
A local is read before \`x = e\` gave it a value, or only one branch of an \`if\` sets it; or a member of a module is read
whose \`if\` is false.

\`\`\`dcr
fn f(x, deep) { if deep { y = x }; y }           // wrong when deep is false
fn f(x, deep) { y = if deep { x } else { 0 * x }; y }   // right
\`\`\`
`,
  ({ name, member }) =>
    member
      ? {
          message: `\`${name}\` is absent here: its \`if\` is false`,
          help: `\`${name}?\` gives none where it is absent`,
        }
      : { message: `\`${name}\` has no value here`, help: 'set it before, on every path' },
)

import { define } from '../define.js'
import type { Label, Span } from '../diagnostic.js'

/** A key of a file and what is said of it. */
interface Key {
  readonly key: string
  readonly says: string
  readonly span: Span
}

const most = 6

const named = (key: string): string => `\`${key.length > 80 ? `${key.slice(0, 80)}...` : key}\``

/** The first of several, in one sentence. */
function listed(lines: readonly string[]): string {
  const rest = lines.length - most
  return [...lines.slice(0, most), ...(rest > 0 ? [`and ${rest} more`] : [])].join('; ')
}

const sentences = (keys: readonly Key[]): string =>
  listed(keys.map(({ key, says }) => `${named(key)} ${says}`))

const pointing = (keys: readonly Key[]): readonly Label[] =>
  keys.slice(0, most).map(({ key, span }) => ({ span, message: named(key) }))

/** The files that keys stand in, each once. */
const filesOf = (keys: readonly Key[]): string =>
  [...new Set(keys.map(({ span }) => span.file))].join(' and ')

export const noConfig = define<{
  model: string
  path: string
  /** The id in the Hugging Face hub that `from` may be, where nothing is there. */
  id: string | undefined
  architectures: readonly string[]
}>(
  'config/missing',
  'error',
  `
A model without arguments takes its configuration from the directory behind \`from\`, which must therefore be there when
the pipeline is checked. With a named architecture the pipeline is checked, planned and compiled without any file.

\`\`\`dcr
model clip = ClipModel from "weights/clip-vit-large-patch14"                    // needs the directory
model clip = ClipModel(openai_vit_l_14) from "weights/clip-vit-large-patch14"   // needs it to run
\`\`\`
`,
  ({ model, path, id, architectures: [first, ...others] }) => {
    const fetching =
      id === undefined
        ? ''
        : `if this is a model of the Hugging Face hub, \`dcrc fetch ${id}\` fetches it; else `
    const more = others.length > 0 ? `; others are ${others.slice(0, 8).join(', ')}` : ''
    return {
      message: `\`${model}\` takes its configuration from ${path}, which is not there`,
      help: `${fetching}${first === undefined ? `give a configuration: \`${model}(...)\`` : `name an architecture, \`${model}(${first})\`${more}`}`,
    }
  },
)

export const configless = define<{ module: string }>(
  'config/none',
  'error',
  `
\`model name = Module from "directory"\` takes the module's configuration from the directory. The module must have a
parameter for it, whose type is a record that says which file it mirrors: \`record ClipConfig from "config.json" {...}\`.
Any other module is given its arguments.
`,
  ({ module }) => ({
    message: `\`${module}\` has no configuration that a directory could give`,
    help: `give its arguments: \`${module}(...)\``,
  }),
)

export const unreadableConfig = define<{ files: readonly { readonly why: string; readonly span: Span }[] }>(
  'config/unreadable',
  'error',
  `
A JSON file of a model's directory cannot be taken: it is cut short or no JSON at all, a key stands twice in one object,
it is nested more than 64 levels deep or larger than any configuration. Fetch the file again.
`,
  ({ files }) => ({
    message: listed(files.map(({ why, span }) => `${span.file}: ${why}`)),
    labels: files.filter(({ span }) => span.end > 0).map(({ span }) => ({ span, message: 'here' })),
    help: 'fetch the file again, or mend it',
  }),
)

export const foreignConfig = define<{ module: string; keys: readonly Key[] }>(
  'config/architecture',
  'error',
  `
The directory holds a model of another class than the one that is read from it. A configuration says so by
\`_class_name\` (diffusers), \`architectures\` and \`model_type\` (transformers); a module says by \`architecture\` of
which class it is.

Point \`from\` at the right directory; the parts of Stable Diffusion are directories of their own (\`unet\`, \`vae\`,
\`text_encoder\`).
`,
  ({ module, keys }) => ({
    message: `${filesOf(keys)} is of another architecture than \`${module}\`: ${sentences(keys)}`,
    labels: pointing(keys),
    help: 'point `from` at a directory of this architecture',
  }),
)

export const badConfig = define<{ keys: readonly Key[] }>(
  'config/value',
  'error',
  `
The configuration of the directory has a value that the model of the language does not know: one of another type, an
activation without a function, or a setting that our module is not written for (\`attention_dropout\` other than 0, an
\`act_fn\` other than "silu"). The model would compute something else than its original, so it is refused.
`,
  ({ keys }) => ({
    message: `${filesOf(keys)} cannot be followed: ${sentences(keys)}`,
    labels: pointing(keys),
    help: 'the module is not written for this model',
  }),
)

export interface ConfigDifference {
  readonly key: string
  readonly file: string
  readonly given: string
  readonly fileSpan: Span | undefined
  readonly givenSpan: Span | undefined
}

export const differentConfig = define<{
  model: string
  module: string
  path: string
  from: string
  differences: readonly ConfigDifference[]
}>(
  'config/differs',
  'error',
  `
A model is given a configuration, and the directory behind \`from\` holds another one. Keys that a file leaves out have
the default of the record, which is upstream's.

Give the configuration that the weights were made with: another named architecture, a copy with changes
(\`openai_vit_l_14 with { projection_dim: 512 }\`), or none, and it is taken from the directory.

\`\`\`dcr
model clip = ClipModel from "weights/clip-vit-large-patch14"
\`\`\`
`,
  ({ model, module, path, from, differences }) => ({
    message: `${path} is not the configuration of \`${model}\`: ${listed(
      differences.map(({ key, file, given }) => `${named(key)} is ${file}, not ${given}`),
    )}`,
    labels: differences
      .slice(0, most)
      .flatMap(({ file, given, fileSpan, givenSpan }) => [
        ...(fileSpan ? [{ span: fileSpan, message: `${file}${inFile(fileSpan)}` }] : []),
        ...(givenSpan ? [{ span: givenSpan, message: `${given} comes from here` }] : []),
      ]),
    help: `give the configuration of these weights, or take it from the directory: \`model ${model} = ${module} from ${JSON.stringify(from)}\``,
  }),
)

/** A key that stands in no file has the default of the record. */
const inFile = ({ file }: Span): string =>
  file.endsWith('.dcr') ? ' where the file leaves it out' : ' in the file'

export const unreadConfig = define<{
  record: string
  keys: readonly { readonly path: string; readonly key: string; readonly span: Span }[]
}>(
  'config/unread',
  'warning',
  `
The configuration of the directory has keys that the record neither reads nor lists as ignored. They may change what
the original model computes, so look what they mean; a record of your own then takes them as fields or says
\`ignore ["key"]\`. \`allow "config/unread" "reason"\` in the pipeline silences the warning.
`,
  ({ record, keys }) => ({
    message: `${[...new Set(keys.map(({ path }) => path))].join(' and ')} has ${keys.length === 1 ? 'a key' : 'keys'} that \`${record}\` does not read: ${listed(keys.map(({ key }) => named(key)))}`,
    labels: keys.slice(0, most).map(({ span }) => ({ span, message: 'not read' })),
    help: 'a key that changes what the model computes makes it another model',
  }),
)

export const defaultConfig = define<{ path: string; record: string }>(
  'config/defaults',
  'warning',
  `
A model takes its configuration from a directory, and one of the files that the record mirrors is not there. Its fields
have the defaults of the record. For the mean and standard deviation of pictures these may be wrong.
`,
  ({ path, record }) => ({
    message: `${path} is not there: its fields of \`${record}\` have their defaults`,
    help: 'fetch the file, or give the configuration in the pipeline',
  }),
)

export const absentModel = define<{ models: readonly string[]; from: readonly string[] }>(
  'model/absent',
  'warning',
  `
The weights of models are not where \`from\` says. The pipeline can be checked, planned and compiled without them, and
\`dcrc run\` lists all that is missing and how to get it. Until their directory is there, its configuration is not
compared, and zeros and ones stand for the ids of \`model.tokenize("text")\`; so a pipeline is compiled again when it
has come.
\`dcrc run FILE --weights random\` tries a pipeline with made-up weights.
`,
  ({ models, from }) => ({
    message: `not there yet: ${from
      .slice(0, 4)
      .map((path, k) => `${path} (\`${models[k] ?? ''}\`)`)
      .join(', ')}${from.length > 4 ? ` and ${from.length - 4} more` : ''}`,
    help: '`dcrc run` lists what to fetch; all but running works without',
  }),
)

export const otherSchedule = define<{
  model: string
  name: string
  is: string
  other: string
  there: Span
}>(
  'config/scheduler',
  'warning',
  `
A generator of diffusers stands in a folder \`unet\` or \`transformer\`, with \`scheduler/scheduler_config.json\` beside it. That
file says by which betas the generator was trained and what it predicts. The pipeline's process of noise (a \`let\` that is
a \`ddpm\`), or its param or \`let\` called \`target\`, says something else: the generator sees pictures with more or less noise
than their time says, or is compared with what it does not give. \`allow "config/scheduler" "reason"\` where it is meant.
`,
  ({ model, name, is, other, there }) => ({
    message: `\`${name}\` is ${is}, the scheduler of \`${model}\` has ${other}`,
    labels: [{ span: there, message: `${other} here` }],
    help: 'take what the generator was trained with, or other weights',
  }),
)

export const unreadableScheduler = define<{ path: string; why: string }>(
  'config/scheduler-file',
  'warning',
  `
The scheduler beside a generator of diffusers cannot be read, so the pipeline's process of noise is not compared with it.
`,
  ({ path, why }) => ({
    message: `${path}: ${why}`,
    help: 'fetch the file again',
  }),
)

export const adapterBeside = define<{ model: string; path: string }>(
  'config/adapter',
  'warning',
  `
The folder of a model holds an adapter of peft as well. \`from_pretrained\` of transformers adds it to the model; here the
model is read without it.

\`\`\`dcr
adapter enc = lora(clip.vision_model, rank = 16, alpha = 16) from "weights/clip"
\`\`\`
`,
  ({ model, path }) => ({
    message: `${path} says an adapter, which \`${model}\` is read without`,
    help: 'declare it: `adapter a = lora(...) from "folder"`, or take the file away',
  }),
)

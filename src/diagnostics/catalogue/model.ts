import { define, replacing } from '../define.js'
import type { Span } from '../diagnostic.js'

export const notAModel = define<{ name: string; got: string }>(
  'model/not-a-module',
  'error',
  `
\`model x = ...\` wants an instance of a module: its parameters are what is loaded, trained and saved.

\`\`\`dcr
model head = linear        // wrong: a function
model head = Linear(4, 2)  // right
\`\`\`
`,
  ({ name, got }) => ({ message: `model \`${name}\` must be a module instance, got ${got}` }),
)

export const badPrecision = define<{
  clause: 'as' | 'precision'
  got: string
  suggestion?: string | undefined
}>(
  'model/precision',
  'error',
  `
\`as T\` on a model, and \`precision T\` in a stage, say to which type weights are rounded and in which they are computed
where the target can: \`f32\` (the default), \`bf16\` or \`f16\`.

\`\`\`dcr
model vae = AutoencoderKL(sd_2_1.vae) from "weights/vae" as i64    // wrong: weights are no integers
model vae = AutoencoderKL(sd_2_1.vae) from "weights/vae" as bf16   // right
\`\`\`
`,
  ({ clause, got, suggestion }, span) => ({
    message: `\`${clause}\` takes \`f32\`, \`bf16\` or \`f16\`, got ${got}`,
    help: suggestion === undefined ? undefined : `did you mean \`${suggestion}\`?`,
    fix: replacing(span, suggestion),
  }),
)

export const narrowTrained = define<{
  path: string
  model: string
  as: string
  declared: Span
  adapter: string | undefined
}>(
  'model/narrow-trained',
  'error',
  `
\`as bf16\` is for frozen weights: they are rounded once. What a stage trains is kept in f32, so that small updates are
not lost; \`precision bf16\` in the stage rounds it at each step, where it is read.

\`\`\`dcr
model proj = Projector(768, 1024) as bf16                  // wrong: \`align\` trains it
stage align { train proj; minimize dcr; ... }

model proj = Projector(768, 1024)                          // right
stage align { train proj; minimize dcr; precision bf16; ... }
\`\`\`
`,
  ({ path, model, as, declared, adapter }) => ({
    message: `\`${path}\` is trained, but \`${model}\` is declared \`as ${as}\``,
    labels: [{ span: declared, message: 'its weights are rounded once here' }],
    why: 'rounding after each update would lose all updates smaller than a step of the type',
    help:
      adapter === undefined
        ? `leave \`as ${as}\` out, and write \`precision ${as}\` in the stage`
        : `leave \`train_bias\` of \`${adapter}\` out: its factors are f32; or leave \`as ${as}\` out`,
  }),
)

export const nothingNarrowed = define<{ model: string; as: string }>(
  'model/as-without-effect',
  'warning',
  `
\`as bf16\` rounds the f32 parameters of a model. This model has none.

\`\`\`dcr
model noise = Schedule(1000) as bf16   // wrong: it has no parameters
model noise = Schedule(1000)           // right
\`\`\`
`,
  ({ model, as }) => ({
    message: `\`as ${as}\` has no effect: \`${model}\` has no f32 parameters`,
    help: `leave \`as ${as}\` out`,
  }),
)

export const reservedModel = define<{ name: string }>(
  'model/reserved',
  'error',
  `
Checkpoints hold one file per model and \`optimizer.safetensors\`, so no model can be called \`optimizer\`.

\`\`\`dcr
model optimizer = Linear(4, 2)   // wrong
model head = Linear(4, 2)        // right
\`\`\`
`,
  ({ name }) => ({ message: `no model can be called \`${name}\``, help: 'give it another name' }),
)

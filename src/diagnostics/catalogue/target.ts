import type { DType, NarrowFloat } from '../../graph/types.js'
import { define } from '../define.js'

export const noKernel = define<{
  target: string
  operator: string
  /** Null: the operator does not run there in any type. */
  type: DType | null
  types: readonly DType[]
  /** What the operator cannot do there in any type. */
  refused: string | null
}>(
  'target/no-kernel',
  'error',
  `
A target runs an operator in the element types that its runtime has kernels for. Here one is asked for that it does not
have. Compute in another type, and cast what comes out.

\`\`\`dcr
let slope = tan(x)               // wrong with --target cuda, which has no Tan
let slope = sin(x) / cos(x)      // right
\`\`\`

Another type of floats is no such mistake: what has no kernel in it, but one in f32, is computed in f32 and cast back, and
\`dcrc plan\` lists it.

Weights are rounded with \`as bf16\` of a model or \`precision bf16\` of a stage: the target computes with them in a type
that it has.
`,
  ({ target, operator, type, types, refused }) => ({
    message: `\`${target}\` cannot compute ${operator}${type === null ? '' : ` in ${type}`}${refused === null ? '' : ` with ${refused}`}`,
    help:
      types.length === 0 || refused !== null
        ? 'write it with other operators, or compile for another target'
        : `it can in ${types.join(', ')}: compute in one of them, \`cast(x, ${types[0]})\``,
  }),
)

export const narrowGradient = define<{ target: string; type: NarrowFloat; weights: string }>(
  'target/precision',
  'error',
  `
Gradients would pass through f16, on a target that computes in it. The smallest number of f16 is 6e-8, and gradients of a
mean over many elements are smaller: they would be 0. Losses are not scaled here to avoid that. bf16 has the range of f32,
at three digits fewer.

\`\`\`dcr
stage align { train proj; minimize dcr; precision f16; ... }    // wrong with --target cuda
stage align { train proj; minimize dcr; precision bf16; ... }   // right
\`\`\`

It is the same with a model \`as f16\` that stands between a loss and what is trained. A model that no gradient passes, such
as an encoder of the data, may be f16. The CPU computes in f32 whatever weights are rounded to.
`,
  ({ target, type, weights }) => ({
    message: `\`${target}\` would take gradients through ${type}, in which weights of \`${weights}\` are computed: most would be 0`,
    help: '`bf16` has the range that gradients need',
  }),
)

export const unknownTarget = define<{ target: string; known: readonly { name: string; doc: string }[] }>(
  'target/unknown',
  'error',
  `
\`--target\` names what a pipeline is compiled for. The message lists what there is.

\`\`\`sh
dcrc compile --target cpu FILE
\`\`\`
`,
  ({ target, known }) => ({
    message: `there is no target \`${target}\``,
    help: `there ${known.length === 1 ? 'is' : 'are'} ${known.map(({ name, doc }) => `\`${name}\` (${doc})`).join(', ')}`,
  }),
)

export const noDevice = define<{ target: string; what: string; help: string }>(
  'target/no-device',
  'error',
  `
A pipeline was compiled for a device that this machine does not have, or for which something is not installed. \`dcrc
doctor\` tells what is there; \`dcrc doctor --install cuda\` puts onnxruntime's provider for CUDA beside onnxruntime. The
same pipeline runs on the processor without \`--target\`.

\`\`\`sh
dcrc doctor --install cuda
dcrc run --target cuda FILE
\`\`\`
`,
  ({ target, what, help }) => ({ message: `nothing runs on \`${target}\` here: ${what}`, help }),
)

export const cannotInstall = define<{ problem: string; help: string }>(
  'target/cannot-install',
  'error',
  `
\`dcrc doctor --install cuda\` puts onnxruntime's provider for CUDA beside the onnxruntime that is installed, from the
network or from what \`--from\` names: a folder that has its two files, or a wheel of onnxruntime-gpu of the same version.

\`\`\`sh
dcrc doctor --install cuda --from onnxruntime_gpu-1.30.0-cp312-cp312-manylinux_2_28_x86_64.whl
\`\`\`
`,
  ({ problem, help }) => ({ message: problem, help }),
)

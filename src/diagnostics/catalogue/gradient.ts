import { define } from '../define.js'

export const notDifferentiable = define<{ operator: string; reason: string }>(
  'gradient/not-differentiable',
  'error',
  `
A gradient is wanted through an operation that has none. It stands on a path from what is trained (or from the value
that \`grad\` names) to the loss.

\`\`\`dcr
minimize mean(iterate(50, proj(z), denoise))                  // wrong: no gradient flows through iterate
minimize mean(iterate(50, stop_gradient(proj(z)), denoise))   // right, when none is meant to flow
\`\`\`
`,
  ({ operator, reason }) => ({
    message: `no gradient flows through ${operator}: ${reason}`,
    help: 'put stop_gradient(...) around its operand if none is meant to flow',
  }),
)

export const unreachableTarget = define<{ type: string }>(
  'gradient/unreachable',
  'error',
  `
\`grad(loss, x)\` asks for the gradient with respect to a value that the loss does not depend on (or only through
\`stop_gradient\`, a comparison or rounding), so it would be zero everywhere.

\`\`\`dcr
let z = encoder(image)
monitor g = norm(grad(mse(w, target), z))   // wrong: the loss reads w, not z
monitor g = norm(grad(mse(z, target), z))   // right
\`\`\`
`,
  ({ type }) => ({
    message: `the loss does not depend on the value (${type}) that \`grad\` names`,
    why: 'a gradient that is zero by construction is a mistake in the source',
    help: 'name a value that the loss is computed from',
  }),
)

export const noTrained = define<undefined>(
  'gradient/no-stage',
  'error',
  `
\`trained\` stands for the parameters that a stage trains, so it means nothing in an evaluation.

\`\`\`dcr
fn slope() = norm(grad(reconstruction, trained))   // wrong, in an evaluation
fn slope() = norm(grad(reconstruction, clip))      // right
\`\`\`
`,
  () => ({
    message: '`trained` has a meaning only in a stage',
    help: 'name the model or the part of it',
  }),
)

export const gradientCoverage = define<{ missing: readonly string[]; extra: readonly string[] }>(
  'stage/gradient-coverage',
  'error',
  `
A stage that minimizes by a gradient needs an entry for each parameter that it trains, and for no other.

\`\`\`dcr
stage fit { train clip, proj; minimize grad(reconstruction, clip) }                             // wrong: not proj
stage fit { train clip, proj; minimize grad(reconstruction, clip) + grad(contrastive, proj) }   // right
stage fit { train clip, proj; minimize grad(reconstruction, trained) }                          // right
\`\`\`
`,
  ({ missing, extra }) => ({
    message:
      missing.length > 0
        ? `this gradient has no entry for what the stage trains: ${list(missing)}`
        : `this gradient has entries for what the stage does not train: ${list(extra)}`,
    help: '`grad(loss, trained)` has an entry for each trained parameter, and for no other',
  }),
)

export const accumulatedGradient = define<{ accumulate: number }>(
  'stage/accumulated-gradient',
  'error',
  `
With \`accumulate n\` what \`minimize\` does with gradients, it does once per step, with their means over the micro-batches.
Another value of the batch is known of the last micro-batch alone, so it cannot be a weight in that computation.

\`\`\`dcr
stage fit { train clip; accumulate 2; minimize mse_loss * grad(contrastive, trained) }             // wrong
stage fit { train clip; accumulate 2; minimize grad(stop_gradient(mse_loss) * contrastive, trained) }   // right
\`\`\`
`,
  ({ accumulate }) => ({
    message: `this computes with a value of the batch beside the gradients, and there are ${accumulate} micro-batches`,
    why: 'gradients are means over the micro-batches; the other value would be of the last one only',
    help: 'put the value into the losses, or drop `accumulate`',
  }),
)

export const unreachableParameter = define<{ paths: readonly string[] }>(
  'stage/unreachable-parameter',
  'error',
  `
A stage trains a parameter that its loss cannot reach: no gradient would ever come, so training would change nothing
(or, with weight decay, only shrink it).

\`\`\`dcr
stage align { train clip; minimize mse(image_features, target) }                // wrong: the text tower has no part
stage align { train clip.vision_model, clip.visual_projection; minimize mse(image_features, target) }   // right
\`\`\`
`,
  ({ paths }) => ({
    message: `the loss cannot reach ${paths.length === 1 ? 'a trained parameter' : `${paths.length} trained parameters`}: ${list(paths)}`,
    why: 'what `train` names gets its updates from the gradient of `minimize` alone',
    help: 'name only what the loss uses, or look for a stop_gradient or a missing call',
  }),
)

const list = (paths: readonly string[]): string =>
  paths.length <= 6 ? paths.join(', ') : `${paths.slice(0, 5).join(', ')} and ${paths.length - 5} more`

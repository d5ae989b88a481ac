import { describe, expect, it } from 'vitest'
import { Fixture, compileText, expectTensors, relativeError, trainStage } from './harness.js'

const optimizer = 'adamw(lr = 0.01, betas = (0.9, 0.999), eps = 1e-5, weight_decay = 0.01)'
const steps = 20

const transformerBlock = `
use std.clip { ClipEncoderLayer, ClipTextConfig }
use std.losses { mse }
pipeline transformer_block {
  model block = ClipEncoderLayer(ClipTextConfig(hidden_size = 32, intermediate_size = 64, num_attention_heads = 4), true)
  let x = draw normal of [3, 7, 32]
  let target = draw normal of [3, 7, 32]
  loss far = mse(block(x), target)
  stage learn { train block; minimize far; optimizer ${optimizer}; steps ${steps} }
}`

const unetBlock = `
use std.losses { mse }
use std.stable_diffusion { DownBlock2D, UNetConfig }
let config = UNetConfig(
  block_out_channels = [8, 16, 16], layers_per_block = 1, cross_attention_dim = 12, attention_head_dim = [1, 2, 2],
  transformer_layers_per_block = [1, 1, 1], use_linear_projection = true, norm_num_groups = 4, norm_eps = 1e-6
)
pipeline unet_block {
  model block = DownBlock2D(config, 1, true)
  let x = draw normal of [2, 8, 7, 5]
  let time = draw normal of [2, 32]
  let context = draw normal of [2, 3, 12]
  let target = draw normal of [2, 16, 4, 3]
  fn both() {
    (y, skips) = block(x, time, context)
    mse(y, target) + mean(square(skips[0]))
  }
  loss far = both()
  stage learn { train block; minimize far; optimizer ${optimizer}; steps ${steps} }
}`

const gradientPenalty = `
use std.nn { Conv2d, LayerNorm, Linear }
module Critic {
  conv = Conv2d(3, 4, 3, stride = 2, padding = 1)
  norm = LayerNorm(36)
  hidden = Linear(36, 8)
  out = Linear(8, 1)
  fn forward(x) = out(gelu(hidden(norm(flatten(tanh(conv(x)), 1)))))[:, 0]
}
pipeline gradient_penalty {
  model block = Critic()
  let real = draw normal of [4, 3, 6, 6]
  let fake = draw normal of [4, 3, 6, 6]
  let share = draw uniform of [4]
  let between = per_row(share, real) * real + (1.0 - per_row(share, real)) * fake
  let slope = grad(sum(block(between)), between)
  loss penalty = mean(square(norm(flatten(slope, 1), axis = 1) - 1.0))
  loss critic = mean(block(fake)) - mean(block(real)) + 10.0 * penalty
  stage learn {
    train block
    minimize critic
    optimizer adamw(lr = 0.005, betas = (0.9, 0.999), eps = 1e-5, weight_decay = 0.01)
    steps ${steps}
  }
}`

/** State is named after its model. */
const named = (path: string): string => `block.${path}`

describe('blocks train as in PyTorch: loss, gradients and 20 AdamW steps within 1e-4', () => {
  for (const [name, text] of [
    ['transformer_block', transformerBlock],
    ['unet_block', unetBlock],
    ['gradient_penalty', gradientPenalty],
  ] as const) {
    it(name, async () => {
      const fixture = await Fixture.open(name)
      const result = await trainStage(compileText(text), 'learn', {
        steps,
        weight: (_, path) => fixture.stored(`start/${path}`),
        inputs: (path) => fixture.tensor(`input/${path}`),
      })
      expect(relativeError(result.losses, fixture.facts['losses'] as number[])).toBeLessThan(1e-4)
      await expectTensors(result.gradients, fixture, 'gradient/', 1e-4, named)
      await expectTensors(result.end, fixture, 'end/', 1e-4, named)
    })
  }
})

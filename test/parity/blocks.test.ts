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
  stage learn { train block  minimize far  optimizer ${optimizer}  steps ${steps} }
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
  stage learn { train block  minimize far  optimizer ${optimizer}  steps ${steps} }
}`

/** State is named after its model. */
const named = (path: string): string => `block.${path}`

describe('blocks train as in PyTorch: loss, gradients and 20 AdamW steps within 1e-4', () => {
  for (const [name, text] of [
    ['transformer_block', transformerBlock],
    ['unet_block', unetBlock],
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

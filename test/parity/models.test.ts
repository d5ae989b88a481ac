import { describe, expect, it } from 'vitest'
import { toFloat32 } from '../../src/runtime/tensors.js'
import { kept, keptError } from './expressions.js'
import { Fixture, compileText, evaluateOnce } from './harness.js'

const clipModel = `
use std.clip { ClipConfig, ClipModel, ClipTextConfig, ClipVisionConfig }
pipeline clip_model {
  model clip = ClipModel(ClipConfig(
    projection_dim = 20,
    vision_config = ClipVisionConfig(
      hidden_size = 32, intermediate_size = 64, num_hidden_layers = 2, num_attention_heads = 4, image_size = 24, patch_size = 8
    ),
    text_config = ClipTextConfig(
      vocab_size = 40, hidden_size = 24, intermediate_size = 48, num_hidden_layers = 2, num_attention_heads = 3,
      max_position_embeddings = 9
    )
  ))
  let image = draw normal of [3, 3, 24, 24]
  let ids = draw randint(0, 40) of [3, 7]
  evaluate features = pictures(original = kept(clip.image_features(image)), reconstruction = kept(clip.text_features(ids)))
  evaluate others = pictures(original = kept(clip(image, ids)), reconstruction = kept(clip.text_model(ids).last_hidden_state))
  export clip
}`

const unet = (config: string): string => `
use std.stable_diffusion { UNet2DConditionModel, UNetConfig }
pipeline unet_model {
  model unet = UNet2DConditionModel(UNetConfig(cross_attention_dim = 12, norm_num_groups = 4, ${config}))
  let x = draw normal of [3, 4, 7, 6]
  let t = draw randint(0, 1000) of [3]
  let context = draw normal of [3, 5, 12]
  evaluate y = pictures(original = kept(unet(x, t, context)))
  export unet
}`

const linear = `
  down_block_types = ["DownBlock2D", "CrossAttnDownBlock2D"], up_block_types = ["CrossAttnUpBlock2D", "UpBlock2D"],
  block_out_channels = [8, 16], layers_per_block = 1, attention_head_dim = [1, 2], transformer_layers_per_block = [1, 1],
  use_linear_projection = true`

const conv = `
  down_block_types = ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
  up_block_types = ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
  block_out_channels = [8, 8, 16], layers_per_block = 2, attention_head_dim = [1, 1, 2],
  transformer_layers_per_block = [1, 1, 1]`

/** Which output of the fixture each result of an evaluation is. */
type Outputs = Readonly<Record<string, Readonly<Record<string, string>>>>

const cases: readonly (readonly [fixture: string, text: string, outputs: Outputs])[] = [
  [
    'clip_model',
    clipModel,
    {
      features: { original: 'image_features', reconstruction: 'text_features' },
      others: { original: 'logits', reconstruction: 'text_hidden' },
    },
  ],
  ['unet_linear', unet(linear), { y: { original: 'y' } }],
  ['unet_conv', unet(conv), { y: { original: 'y' } }],
]

describe('models give what transformers and diffusers give for the same weights under the same names', () => {
  for (const [name, text, outputs] of cases) {
    it(name, async () => {
      const fixture = await Fixture.open(name)
      const artefact = compileText(text + kept)
      const [model] = artefact.manifest.models
      expect(model?.parameters.map((p) => p.path).sort()).toEqual(fixture.names('start/').sort())
      for (const { path, shape } of model?.parameters ?? [])
        expect(fixture.stored(`start/${path}`).shape).toEqual(shape)
      for (const [evaluation, results] of Object.entries(outputs)) {
        const got = await evaluateOnce(
          artefact,
          evaluation,
          (_, path) => fixture.stored(`start/${path}`),
          (path) => fixture.tensor(`input/${path}`),
        )
        for (const [result, output] of Object.entries(results)) {
          const actual = got.get(result)
          const expected = await fixture.tensor(`output/${output}`)
          expect(keptError(actual && toFloat32(actual), toFloat32(expected)), output).toBeLessThan(1e-5)
        }
      }
    })
  }
})

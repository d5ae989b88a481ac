import { beforeAll, describe, expect, it } from 'vitest'
import type { Artefact } from '../../src/artefact/manifest.js'
import {
  Fixture,
  type WeightSource,
  compileText,
  expectTensors,
  relativeError,
  trainStage,
} from './harness.js'

/** The quickstart's DCR at N = 4 with small models; both views and all draws come from the oracle. */
const text = `
use std.clip { ClipConfig, ClipModel, ClipTextConfig, ClipVisionConfig }
use std.diffusion { ddpm, scaled_linear }
use std.losses { dcr_loss, mse, two_views }
use std.nn { Projector }
use std.stable_diffusion { UNet2DConditionModel, UNetConfig }
pipeline step {
  model clip = ClipModel(ClipConfig(
    projection_dim = 20,
    vision_config = ClipVisionConfig(
      hidden_size = 24, intermediate_size = 48, num_hidden_layers = 2, num_attention_heads = 3, image_size = 16, patch_size = 8
    ),
    text_config = ClipTextConfig(
      vocab_size = 20, hidden_size = 24, intermediate_size = 48, num_hidden_layers = 1, num_attention_heads = 3,
      max_position_embeddings = 5
    )
  ))
  model unet = UNet2DConditionModel(UNetConfig(
    in_channels = 12, out_channels = 12,
    down_block_types = ["DownBlock2D", "CrossAttnDownBlock2D"], up_block_types = ["CrossAttnUpBlock2D", "UpBlock2D"],
    block_out_channels = [8, 16], layers_per_block = 1, cross_attention_dim = 24, attention_head_dim = [1, 2],
    transformer_layers_per_block = [1, 1], norm_num_groups = 4, use_linear_projection = true
  ))
  model proj = Projector(clip.projection_dim, unet.cross_attention_dim)

  let image = draw uniform(0, 1) of [4, 3, 16, 16]
  let image_plus = draw uniform(0, 1) of [4, 3, 16, 16]
  let t = draw randint(300, 1000) of [4]
  let eps = draw normal of [4, 12, 8, 8]
  let noise = ddpm(steps = 1000, beta = scaled_linear(0.00085, 0.012))
  let prompt = clip.text_model(constant([[18, 19, 0, 0, 0]])).last_hidden_state
  let latent = pixel_unshuffle(2.0 * image - 1.0, 2)
  let noisy = noise.add(latent, eps, t)
  let goal = noise.velocity(latent, eps, t)
  fn features(image) = clip.image_features(normalize(image, [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]))
  fn condition(z) = proj(z)[:, None, :] + prompt
  fn denoise(x, t, c) = unet(x, t, c)
  let z = features(image)
  let z_plus = features(image_plus)
  let c = condition(z)
  let pairs = denoise(noisy[i], t[i], c[j]) for i, j in 4
  loss dcr = dcr_loss(pairs, denoise(noisy, t, condition(z_plus)), goal, 0.1)
  loss reconstruction = mse(denoise(noisy, t, c), goal)
  loss contrastive = two_views(z, z_plus, 0.1)

  stage align {
    train proj
    minimize dcr
    optimizer adamw(lr = 0.01, betas = (0.9, 0.999), eps = 1e-5, weight_decay = 0.01)
    steps 3
    clip_norm 0.03
    monitor reconstruction = reconstruction every 1
    monitor contrastive = contrastive every 1
  }
  stage enhance {
    train clip.vision_model, clip.visual_projection
    minimize dcr
    optimizer adamw(lr = 0.01, betas = (0.9, 0.999), eps = 1e-5, weight_decay = 0.01)
    steps 3
    clip_norm 0.03
    monitor reconstruction = reconstruction every 1
    monitor contrastive = contrastive every 1
    monitor conflict = cosine(grad(contrastive, z), grad(reconstruction, z)) every 1
  }
  // Eq. 9, from where enhance begins
  stage weighted {
    train proj
    minimize 0.7 * contrastive + 1.3 * reconstruction
    optimizer adamw(lr = 0.01)
    steps 1
  }
  export clip
}`

/** What the oracle wrote of a stage: one number per step. */
type StageFacts = Readonly<
  Record<'losses' | 'reconstruction' | 'contrastive' | 'grad_norm' | 'conflict', number[]>
>

describe('a whole DCR step at N = 4 agrees with PyTorch within 1e-4', () => {
  let fixture: Fixture
  let artefact: Artefact
  beforeAll(async () => {
    fixture = await Fixture.open('dcr_step')
    artefact = compileText(text)
  }, 120_000)

  for (const stage of ['align', 'enhance']) {
    it(`${stage}: losses, conflict, gradients, weights after 3 steps`, async () => {
      const facts = fixture.facts[stage] as StageFacts
      const weight: WeightSource = (model, path) => {
        if (model === 'unet') return fixture.stored(`unet/${path}`)
        if (model === 'proj' && stage === 'enhance') return fixture.stored(`align/end/proj.${path}`)
        return fixture.stored(`align/start/${model}/${path}`)
      }
      const result = await trainStage(artefact, stage, {
        steps: 3,
        weight,
        inputs: (path, step) => fixture.tensor(`${stage}/batch/${step}/${path}`),
      })
      expect(relativeError(result.losses, facts.losses)).toBeLessThan(1e-4)
      expect(
        relativeError(
          result.gradNorms.map((n) => n ?? NaN),
          facts.grad_norm,
        ),
      ).toBeLessThan(1e-4)
      expect(relativeError(result.monitors['reconstruction'] ?? [], facts.reconstruction)).toBeLessThan(1e-4)
      expect(relativeError(result.monitors['contrastive'] ?? [], facts.contrastive)).toBeLessThan(1e-4)
      expect(relativeError(result.monitors['conflict'] ?? [], facts.conflict)).toBeLessThan(1e-4)
      // The optimizer saw the clipped gradient.
      const clipped = Math.min(1, 0.03 / (facts.grad_norm[0] ?? NaN))
      const gradients = new Map([...result.gradients].map(([name, g]) => [name, g.map((v) => v / clipped)]))
      await expectTensors(gradients, fixture, `${stage}/gradient/`, 1e-4)
      await expectTensors(result.end, fixture, `${stage}/end/`, 1e-4)
    })
  }

  it('the weighted sum of both losses is that of its parts (Eq. 9)', async () => {
    const facts = fixture.facts['enhance'] as StageFacts
    const result = await trainStage(artefact, 'weighted', {
      steps: 1,
      weight: (model, path) => {
        if (model === 'unet') return fixture.stored(`unet/${path}`)
        return fixture.stored(model === 'proj' ? `align/end/proj.${path}` : `align/start/${model}/${path}`)
      },
      inputs: (path, step) => fixture.tensor(`enhance/batch/${step}/${path}`),
    })
    const sum = 0.7 * (facts.contrastive[0] ?? NaN) + 1.3 * (facts.reconstruction[0] ?? NaN)
    expect(relativeError(result.losses, [sum])).toBeLessThan(1e-4)
  })
})

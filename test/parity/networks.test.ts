import { describe, expect, it } from 'vitest'
import { toFloat32 } from '../../src/runtime/tensors.js'
import { towerOf, withoutTower } from '../../src/weights/other-names.js'
import { kept } from './expressions.js'
import {
  Fixture,
  type Inputs,
  type WeightSource,
  compileText,
  evaluateOnce,
  expectTensors,
  relativeError,
  trainStage,
} from './harness.js'

interface Network {
  readonly use: string
  readonly model: string
  /** Outputs of the fixture as expressions of its inputs. */
  readonly outputs: Readonly<Record<string, string>>
  /** An adapter beside the model, whose parts are trained in place of the weights. */
  readonly adapter?: string
  /** What our paths have before the names of the file, which `from` puts there. */
  readonly tower?: string
}

const clip = `ClipModel(ClipConfig(
  projection_dim = 20,
  vision_config = ClipVisionConfig(
    hidden_size = 32, intermediate_size = 64, num_hidden_layers = 2, num_attention_heads = 4, image_size = 24, patch_size = 8
  ),
  text_config = ClipTextConfig(
    vocab_size = 40, hidden_size = 24, intermediate_size = 48, num_hidden_layers = 2, num_attention_heads = 3,
    max_position_embeddings = 9
  )
))`
const useClip = 'std.clip { ClipConfig, ClipModel, ClipTextConfig, ClipVisionConfig }'

const oneLayer = 'layers_per_block = 1, norm_num_groups = 4'
const twoBlocks =
  'down_block_types = ["DownBlock2D", "CrossAttnDownBlock2D"], up_block_types = ["CrossAttnUpBlock2D", "UpBlock2D"]'

const networks: Readonly<Record<string, Network>> = {
  clip: {
    use: useClip,
    model: clip,
    outputs: {
      image_features: 'net.image_features(image)',
      text_features: 'net.text_features(ids)',
      logits: 'net(image, ids)',
      text_hidden: 'net.text_model(ids).last_hidden_state',
      local_features: 'net.local_features(image)',
    },
  },
  clip_lora: {
    use: useClip,
    model: clip,
    outputs: { image_features: 'net.image_features(image)' },
    adapter: 'lora(net.vision_model.encoder, net.visual_projection, rank = 2, alpha = 3, train_bias = true)',
  },
  siglip: {
    use: 'std.siglip { SiglipConfig, SiglipModel, SiglipTextConfig, SiglipVisionConfig }',
    model: `SiglipModel(SiglipConfig(
      vision_config = SiglipVisionConfig(
        hidden_size = 24, intermediate_size = 40, num_hidden_layers = 2, num_attention_heads = 3, image_size = 19, patch_size = 6
      ),
      text_config = SiglipTextConfig(
        vocab_size = 30, hidden_size = 24, intermediate_size = 36, num_hidden_layers = 2, num_attention_heads = 4,
        max_position_embeddings = 7, projection_size = 24
      )
    ))`,
    outputs: {
      image_features: 'net.image_features(image)',
      text_features: 'net.text_features(ids)',
      logits: 'net(image, ids)',
      local_features: 'net.local_features(image)',
    },
  },
  clip_text: {
    use: 'std.clip { ClipTextConfig, ClipTextModelWithProjection }',
    model: `ClipTextModelWithProjection(ClipTextConfig(
      vocab_size = 40, hidden_size = 24, intermediate_size = 48, num_hidden_layers = 3, num_attention_heads = 3,
      max_position_embeddings = 9, hidden_act = "gelu", projection_dim = 10
    ))`,
    outputs: {
      features: 'net(ids)',
      hidden: 'net.text_model(ids, attends).last_hidden_state',
      penultimate: 'net.penultimate(ids)',
    },
  },
  clip_text_1: {
    use: 'std.clip { ClipTextConfig, ClipTextModel }',
    model: `ClipTextModel(ClipTextConfig(
      vocab_size = 40, hidden_size = 24, intermediate_size = 48, num_hidden_layers = 2, num_attention_heads = 4,
      max_position_embeddings = 9
    ))`,
    outputs: { hidden: 'net(ids).last_hidden_state', pooled: 'net(ids).pooler_output' },
    tower: 'text_model.',
  },
  dinov2: {
    use: 'std.dinov2 { Dinov2Config, Dinov2Model }',
    model: `Dinov2Model(Dinov2Config(
      hidden_size = 24, num_hidden_layers = 2, num_attention_heads = 3, mlp_ratio = 2, image_size = 20, patch_size = 4
    ))`,
    outputs: {
      pooled: 'net.image_features(image)',
      tokens: 'net(other).last_hidden_state',
    },
  },
  autoencoder: autoencoder(''),
  autoencoder_bare: autoencoder(', use_quant_conv = false, use_post_quant_conv = false'),
  unet_linear: unet(
    `${oneLayer}, ${twoBlocks}, block_out_channels = [8, 16], attention_head_dim = [1, 2], use_linear_projection = true`,
  ),
  unet_conv: unet(
    `down_block_types = ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
    up_block_types = ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
    block_out_channels = [8, 8, 16], layers_per_block = 2, norm_num_groups = 4, attention_head_dim = [1, 1, 2]`,
  ),
  // The blocks and the sizes of Stable Diffusion 2.1 at 224 pixels: 28, 14, 7, 4 and back.
  unet_28: unet(
    `layers_per_block = 1, norm_num_groups = 2, block_out_channels = [4, 4, 8, 8], attention_head_dim = [1, 2, 4, 4],
    use_linear_projection = true`,
  ),
  unet_lora: {
    ...unet(
      `${oneLayer}, down_block_types = ["CrossAttnDownBlock2D", "DownBlock2D"], up_block_types = ["UpBlock2D", "CrossAttnUpBlock2D"],
      block_out_channels = [4, 8], attention_head_dim = [2, 1]`,
    ),
    adapter: 'lora(net, rank = 2, alpha = 3, train_bias = true)',
  },
  unet_xl: unet(
    `${oneLayer}, ${twoBlocks}, block_out_channels = [4, 8], attention_head_dim = [1, 2], transformer_layers_per_block = [1, 2],
    use_linear_projection = true, addition_embed_type = "text_time", addition_time_embed_dim = 6,
    projection_class_embeddings_input_dim = 46`,
    'added = { text_embeds: text_embeds, time_ids: time_ids }',
  ),
  unet_unclip: unet(
    `${oneLayer}, down_block_types = ["CrossAttnDownBlock2D", "DownBlock2D"], up_block_types = ["UpBlock2D", "CrossAttnUpBlock2D"],
    block_out_channels = [4, 8], attention_head_dim = [2, 1], use_linear_projection = true,
    class_embed_type = "projection", projection_class_embeddings_input_dim = 14`,
    'class_labels = labels',
  ),
  vq: {
    use: 'std.vq { VQModel, VqConfig }',
    model: `VQModel(VqConfig(
      down_block_types = ["DownEncoderBlock2D", "DownEncoderBlock2D"],
      up_block_types = ["UpDecoderBlock2D", "UpDecoderBlock2D"], block_out_channels = [4, 8], layers_per_block = 1, norm_num_groups = 2, latent_channels = 3,
      num_vq_embeddings = 11, vq_embed_dim = 5, mid_block_add_attention = false
    ))`,
    outputs: {
      latents: 'net.quant_conv(net.encoder(image))',
      decoded: 'net.decode(ids, 4, 3)',
      indices: 'net.indices(image)',
    },
  },
  perceiver: {
    use: 'std.perceiver { TokenPredictor }\nuse std.losses { masked_cross_entropy }',
    model: 'TokenPredictor(9, 6, 12, 3, 2)',
    outputs: {
      logits: 'net(ids, hides == 1, condition)',
      loss: 'masked_cross_entropy(got_logits, ids, hides == 1)[None]',
    },
  },
  flux: {
    use: 'std.flux { FluxConfig, FluxTransformer2DModel }',
    model: `FluxTransformer2DModel(FluxConfig(
      in_channels = 12, num_layers = 1, num_single_layers = 2, attention_head_dim = 10, num_attention_heads = 2,
      joint_attention_dim = 14, pooled_projection_dim = 9, guidance_embeds = true, axes_dims_rope = [2, 4, 4]
    ))`,
    outputs: { y: 'net(x, t, context, pooled, guidance)' },
  },
}

function autoencoder(changes: string): Network {
  return {
    use: 'std.autoencoder { AutoencoderConfig, AutoencoderKL }',
    model: `AutoencoderKL(AutoencoderConfig(
      down_block_types = ["DownEncoderBlock2D" for _ in 0..3], up_block_types = ["UpDecoderBlock2D" for _ in 0..3],
      block_out_channels = [4, 8, 8], layers_per_block = 1, norm_num_groups = 2, latent_channels = 3${changes}
    ))`,
    outputs: {
      mean: 'net.encode(image).mean',
      sample: 'net.encode(image).sample',
      decoded: 'net.decode(latent)',
    },
  }
}

function unet(changes: string, condition?: string): Network {
  return {
    use: 'std.stable_diffusion { UNet2DConditionModel, UNetConfig }',
    model: `UNet2DConditionModel(UNetConfig(cross_attention_dim = 12, ${changes}))`,
    outputs: { y: `net(x, t, context${condition === undefined ? '' : `, ${condition}`})` },
  }
}

/** What a name of the encoder's own draw is, which is fed and not declared. */
const ownDraw = 'n'

const inputsWithGradient = (fixture: Fixture): readonly string[] =>
  fixture.names('gradient/').filter((name) => name !== ownDraw)

/** A parameter's path as `train` takes it: indices stand in brackets. */
const trainPath = (path: string): string => path.replaceAll(/\.(\d+)(?=\.|$)/g, '[$1]')

/**
 * A pipeline that evaluates all outputs and the gradients with respect to inputs, and a stage that trains what the
 * fixture has the gradients of.
 */
function program({ use, model, outputs, adapter, tower = '' }: Network, fixture: Fixture): string {
  const inputs = fixture.names('input/').filter((name) => name !== ownDraw)
  const declared = inputs.map((name) => {
    const { dtype, shape } = fixture.stored(`input/${name}`)
    const distribution = dtype === 'i64' ? 'randint(0, 2)' : 'normal'
    return `let ${name} = draw ${distribution} of [${shape.join(', ')}]`
  })
  const gradients = inputsWithGradient(fixture)
  const trained =
    adapter === undefined
      ? fixture.names('weight_gradient/').map((path) => `net.${trainPath(tower + path)}`)
      : ['enc']
  return `use ${use}
pipeline network {
  model net = ${model}
  ${adapter === undefined ? '' : `adapter enc = ${adapter}`}
  ${declared.join('\n  ')}
  ${Object.entries(outputs)
    .map(([name, e]) => `let got_${name} = ${e}`)
    .join('\n  ')}
  let functional = ${Object.keys(outputs)
    .filter((name) => inputs.includes(`weight_${name}`))
    .map((name) => `sum(got_${name} * weight_${name})`)
    .join(' + ')}
  evaluate all = pictures(original = kept(concat([
    ${[
      ...Object.keys(outputs).map((name) => `got_${name}`),
      ...gradients.map((name) => `grad(functional, ${name})`),
    ]
      .map((e) => `cast(flatten(${e}), f32)`)
      .join(', ')}
  ], axis = 0)))
  stage learn { train ${trained.join(', ')}; minimize functional; optimizer adamw(lr = 0.0); steps 1 }
  export net
}
${kept}`
}

describe('networks give what transformers, diffusers and peft give, and so do their gradients with respect to inputs, weights and factors', () => {
  for (const [name, network] of Object.entries(networks)) {
    it(name, async () => {
      const fixture = await Fixture.open(name)
      const artefact = compileText(program(network, fixture))
      const start = network.adapter === undefined ? 'start/' : 'start/net.'
      const [model] = artefact.manifest.models
      const { tower = '' } = network
      const theirs = (path: string): string => withoutTower(tower, path)
      const paths = model?.parameters.map((p) => p.path) ?? []
      expect(paths.map(theirs).sort()).toEqual(fixture.names(start).sort())
      expect(tower).toBe(network.tower === undefined ? '' : towerOf(paths))
      for (const { path, shape } of model?.parameters ?? [])
        expect(fixture.stored(`${start}${theirs(path)}`).shape, path).toEqual(shape)

      const weight: WeightSource = (of, path) =>
        fixture.stored(network.adapter === undefined ? `start/${theirs(path)}` : `start/${of}.${path}`)
      const inputs: Inputs = (path) => fixture.tensor(`input/${path.split('/').at(-1) ?? ''}`)
      // One graph gives all outputs and gradients with respect to inputs, one after the other.
      const found = (await evaluateOnce(artefact, 'all', weight, inputs)).get('original')
      const all = found ? toFloat32(found) : new Float32Array()
      const parts = [
        ...Object.keys(network.outputs).map((output) => [`output/${output}`, 1e-5] as const),
        ...inputsWithGradient(fixture).map((input) => [`gradient/${input}`, 1e-4] as const),
      ]
      let at = 0
      for (const [part, tolerance] of parts) {
        const expected = toFloat32(await fixture.tensor(part))
        const error = relativeError(all.subarray(at, (at += expected.length)), expected)
        expect(error, part).toBeLessThan(tolerance)
      }
      expect(all.length - at, 'filled up to rows of three').toBeLessThan(3)

      const { gradients } = await trainStage(artefact, 'learn', { steps: 1, weight, inputs })
      await expectTensors(gradients, fixture, 'weight_gradient/', 1e-4, (path) =>
        network.adapter === undefined ? `net.${tower}${path}` : path,
      )
    })
  }
})

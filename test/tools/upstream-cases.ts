/** A module of the library as upstream saves it; functions by the names of the outputs that test/oracle/upstream_suite.py has. */
interface Module {
  readonly use: string
  readonly module: string
  readonly functions: Readonly<Record<string, string>>
}

const latent = 'x: f32[n, 4, 6, 8], t: i64[n], context: f32[n, 5, 12]'
const unet = (given = '', said = ''): Module => ({
  use: 'std.stable_diffusion { UNet2DConditionModel }',
  module: 'UNet2DConditionModel',
  functions: { y: `(${latent}${given}) = net(x, t, context${said})` },
})
const towers = (use: string, module: string): Module => ({
  use,
  module,
  functions: {
    image_features: '(image: f32[n, 3, 12, 12]) = net.image_features(image)',
    text_features: '(ids: i64[n, 7]) = net.text_features(ids)',
  },
})

const modules: Readonly<Record<string, Module>> = {
  clip: towers('std.clip { ClipModel }', 'ClipModel'),
  clip_text: {
    use: 'std.clip { ClipTextModel }',
    module: 'ClipTextModel',
    functions: { pooled: '(ids: i64[n, 7]) = net(ids).pooler_output' },
  },
  clip_text_projection: {
    use: 'std.clip { ClipTextModelWithProjection }',
    module: 'ClipTextModelWithProjection',
    functions: { pooled: '(ids: i64[n, 7]) = net(ids)' },
  },
  siglip: towers('std.siglip { SiglipModel }', 'SiglipModel'),
  dinov2: {
    use: 'std.dinov2 { Dinov2Model }',
    module: 'Dinov2Model',
    functions: { pooled: '(image: f32[n, 3, 12, 12]) = net.image_features(image)' },
  },
  unet_1: unet(),
  unet_2: unet(),
  unet_xl: unet(
    ', text_embeds: f32[n, 10], time_ids: i64[n, 6]',
    ', added = { text_embeds: text_embeds, time_ids: time_ids }',
  ),
  unet_unclip: unet(', labels: f32[n, 14]', ', class_labels = labels'),
  autoencoder: {
    use: 'std.autoencoder { AutoencoderKL }',
    module: 'AutoencoderKL',
    functions: {
      mean: '(image: f32[n, 3, 8, 6]) = net.encode(image).mean',
      decoded: '(latent: f32[n, 3, 4, 3]) = net.decode(latent)',
    },
  },
  vq: {
    use: 'std.vq { VQModel }',
    module: 'VQModel',
    functions: { latents: '(image: f32[n, 3, 8, 6]) = net.quant_conv(net.encoder(image))' },
  },
  flux: {
    use: 'std.flux { FluxTransformer2DModel }',
    module: 'FluxTransformer2DModel',
    functions: {
      y: '(x: f32[n, 3, 6, 4], t: f32[n], context: f32[n, 3, 14], pooled: f32[n, 9], guidance: f32[n]) = net(x, t, context, pooled, guidance)',
    },
  },
}

const layers = (part: string, ...names: readonly string[]): string =>
  [0, 1].flatMap((k) => names.map((name) => `net.${part}encoder.layers[${k}].${name}`)).join(', ')

const adapters: Readonly<Record<string, readonly [string, string]>> = {
  clip_lora: [
    'clip',
    `lora(${layers('vision_model.', 'self_attn.q_proj', 'self_attn.v_proj', 'mlp.fc1')}, rank = 2, alpha = 3, train_bias = true)`,
  ],
  clip_patterns: [
    'clip',
    `lora(${layers('vision_model.', 'self_attn.q_proj', 'mlp.fc1')}, rank = 3, alpha = 5, train_bias = "all",
      modules_to_save = [net.visual_projection], rank_pattern = [("fc1", 2)], alpha_pattern = [("layers.1.mlp.fc1", 7)])`,
  ],
  clip_text_lora: [
    'clip_text',
    `lora(${layers('text_model.', 'self_attn.q_proj', 'self_attn.v_proj')}, rank = 2, alpha = ${4 * Math.SQRT2})`,
  ],
  unet_lora: [
    'unet_1',
    `lora(${[
      ...['attn1', 'attn2'].flatMap((attention) =>
        ['to_q', 'to_v'].map(
          (name) => `net.mid_block.attentions[0].transformer_blocks[0].${attention}.${name}`,
        ),
      ),
      'net.mid_block.resnets[0].conv1',
      'net.mid_block.resnets[1].conv1',
    ].join(', ')}, rank = 2, alpha = 3)`,
  ],
}

export const upstreamCases: readonly string[] = [...Object.keys(modules), ...Object.keys(adapters)]

/** The adapter of a case as the language declares it. */
export const adapterOf = (name: string): string | undefined => adapters[name]?.[1]

/** The pipeline of a case: it reads what upstream saved and exports it, and a function for each output. */
export function sourceOf(name: string): string {
  const [base = name, adapter] = adapters[name] ?? []
  const found = modules[base]
  if (!found) throw new Error(`no module of ${name}`)
  const { use, module, functions } = found
  const names = Object.keys(functions)
  return `use ${use}
pipeline suite {
  model net = ${module} from "source"
  ${adapter === undefined ? '' : `adapter enc = ${adapter} from "adapter"`}
  ${names.map((fn) => `fn ${fn}${functions[fn]}`).join('\n  ')}
  export ${[...names, 'net', ...(adapter === undefined ? [] : ['enc'])].join(', ')}
}
`
}

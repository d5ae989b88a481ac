import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { analyze } from '../../src/compiler/analyze.js'
import { messages, project, shown, withModels } from './project.js'

const clip = {
  architectures: ['CLIPModel'],
  model_type: 'clip',
  projection_dim: 768,
  text_config: {
    model_type: 'clip_text_model',
    hidden_size: 768,
    intermediate_size: 3072,
    num_attention_heads: 12,
    projection_dim: 768,
  },
  vision_config: {
    model_type: 'clip_vision_model',
    hidden_size: 1024,
    intermediate_size: 4096,
    num_attention_heads: 16,
    num_hidden_layers: 24,
    patch_size: 14,
  },
}
const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`
const tiny = { ...clip, projection_dim: 8, text_config: {}, vision_config: { num_hidden_layers: 1 } }

const uses = 'use std.clip { ClipModel, ClipTextModel, openai_vit_l_14 }'
const given = withModels(uses, 'model clip = ClipModel(openai_vit_l_14) from "weights/clip"')
const taken = withModels(uses, 'model clip = ClipModel from "weights/clip"')
const directory = (config: unknown, preprocessor: unknown = {}): Record<string, string> => ({
  'weights/clip/config.json': typeof config === 'string' ? config : json(config),
  'weights/clip/preprocessor_config.json': json(preprocessor),
})

const mistakes: Readonly<Record<string, readonly [source: string, files: Record<string, string>]>> = {
  'a directory that is not there': [taken, {}],
  'a directory that is not there, where the configuration is given': [given, {}],
  'a directory without a configuration': [taken, { 'weights/clip/model.safetensors': '' }],
  'a module without a configuration': [withModels('', 'model m = Linear from "weights/m"'), {}],
  'a model without a directory': [withModels(uses, 'model clip = ClipModel'), {}],
  'a file that is cut short': [given, directory(json(clip).slice(0, 200))],
  'a key that stands twice': [given, directory('{ "model_type": "clip", "model_type": "clip" }')],
  'a list in the place of an object': [given, directory('[1, 2]')],
  'a comment in JSON': [given, directory('// mine\n{}')],
  'a value of another type': [given, directory({ ...clip, projection_dim: '768' })],
  'an activation that nothing computes': [
    given,
    directory({
      ...clip,
      vision_config: { ...clip.vision_config, hidden_act: 'mish', attention_dropout: 0.1 },
    }),
  ],
  'an end token that is not the largest id': [
    given,
    directory({ ...clip, text_config: { ...clip.text_config, eos_token_id: 7 } }),
  ],
  'an end token left out where the vocabulary is another': [
    taken,
    directory({ ...tiny, text_config: { vocab_size: 100 } }),
  ],
  'a part that is no object': [given, directory({ ...clip, vision_config: 'big' })],
  'another architecture': [given, directory({ architectures: ['SiglipModel'], model_type: 'siglip' })],
  'another part of a model': [
    withModels(
      'use std.stable_diffusion { UNet2DConditionModel, sd_2_1_unet }',
      'model unet = UNet2DConditionModel(sd_2_1_unet) from "weights/sd/vae"',
    ),
    { 'weights/sd/vae/config.json': json({ _class_name: 'AutoencoderKL', latent_channels: 4 }) },
  ],
  'the text encoder with a projection': [
    withModels(uses, 'model text = ClipTextModel from "weights/text"'),
    {
      'weights/text/config.json': json({
        architectures: ['CLIPTextModelWithProjection'],
        model_type: 'clip_text_model',
      }),
    },
  ],
  'another configuration': [
    given,
    directory(
      { ...clip, vision_config: { ...clip.vision_config, hidden_act: 'gelu', layer_norm_eps: 1e-6 } },
      { image_mean: [0.5, 0.5, 0.5] },
    ),
  ],
  'a value that the file leaves out': [
    given,
    directory({ ...clip, text_config: { ...clip.text_config, projection_dim: undefined } }),
  ],
  'a configuration changed in the pipeline': [
    withModels(
      uses,
      'model clip = ClipModel(openai_vit_l_14 with { projection_dim: 512 }) from "weights/clip"',
    ),
    directory(clip),
  ],
  'keys that nothing reads': [
    given,
    directory({ ...clip, use_rope: true, vision_config: { ...clip.vision_config, register_tokens: 4 } }),
  ],
  'a preprocessor that is not there': [
    taken,
    { 'weights/clip/config.json': json(tiny), 'weights/clip/model.safetensors': '' },
  ],
}

describe('what a user reads about the directory of a model', () => {
  it.each(Object.entries(mistakes))('%s', (_, [source, files]) => {
    const text = shown(project(source, files))
    expect(text).toMatchSnapshot()
    expect(text).not.toMatch(/undefined|NaN|\[object/)
  })
})

describe('directories that fit', () => {
  const fine = (source: string, files: Record<string, string>): void =>
    expect(messages(project(source, files))).toEqual([])

  it('the published file, with the keys of old versions', () => {
    const old = {
      add_cross_attention: false,
      bad_words_ids: null,
      eos_token_id: 2,
      bos_token_id: 0,
      torchscript: false,
    }
    fine(
      given,
      directory(
        {
          ...clip,
          text_config: { ...old, ...clip.text_config, dropout: 0.0 },
          text_config_dict: {
            hidden_size: 768,
            intermediate_size: 3072,
            num_attention_heads: 12,
            projection_dim: 768,
          },
          vision_config: { ...old, ...clip.vision_config, projection_dim: 768 },
          vision_config_dict: null,
          torch_dtype: 'float32',
          transformers_version: null,
        },
        { image_mean: [0.48145466, 0.4578275, 0.40821073], crop_size: 224, resample: 3 },
      ),
    )
  })

  it('a directory without a configuration, where one is given', () =>
    fine(given, { 'weights/clip/model.safetensors': '' }))
  it('a file of weights', () =>
    fine(withModels(uses, 'model clip = ClipModel(openai_vit_l_14) from "clip.safetensors"'), {
      'clip.safetensors': '',
    }))

  it('one number of heads, or the same for each block', () => {
    const unet = (heads: unknown): string[] =>
      messages(
        project(
          withModels(
            'use std.stable_diffusion { UNet2DConditionModel, sd_1_5_unet }',
            'model unet = UNet2DConditionModel(sd_1_5_unet) from "unet"',
          ),
          { 'unet/config.json': json({ cross_attention_dim: 768, attention_head_dim: heads }) },
        ),
      )
    expect(unet(8)).toEqual([])
    expect(unet([8, 8, 8, 8])).toEqual([])
    expect(unet([8, 8, 8, 4])).toHaveLength(1)
  })

  it('refuses numbers that are not finite, which Python writes', () => {
    const written = (number: string): readonly string[] =>
      messages(
        project(
          taken,
          directory(json(tiny).replace('"projection_dim": 8', `"logit_scale_init_value": ${number}`)),
        ),
      )
    for (const number of ['NaN', '-Infinity'])
      expect(written(number).join()).toContain(
        `\`logit_scale_init_value\` is ${number}, \`ClipConfig\` takes finite numbers alone`,
      )
  })

  it('takes what the files say of pictures', () => {
    const source = `use std.clip { ClipModel }
      pipeline p {
        model clip = ClipModel from "weights/clip"
        loss l = sum(clip.image_features(normalize(draw normal of [1, 3, 224, 224], clip.mean, clip.std)))
        param mean: [float] = clip.mean
        stage s { train clip.visual_projection; minimize l * mean[0]; optimizer sgd(lr = 1.0); steps 1 }
      }`
    const files = project(
      source,
      directory({ ...tiny, text_config: { num_hidden_layers: 1 } }, { image_mean: [0.25, 0.5, 0.75] }),
    )
    const { lowered, diagnostics } = analyze({ entry: 'main.dcr', files })
    expect(diagnostics).toEqual([])
    expect(lowered?.params).toEqual({ mean: [0.25, 0.5, 0.75] })
  })
})

it('any text in the place of a configuration is told, and never thrown', () => {
  const whole = json(clip)
  const mutated = fc
    .tuple(fc.nat(whole.length), fc.nat(40), fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.json()))
    .map(([at, length, text]) => whole.slice(0, at) + text + whole.slice(at + length))
  const deep = fc.nat(200_000).map((n) => '[{"a":'.repeat(n))
  const text = fc.oneof({ weight: 6, arbitrary: mutated }, fc.json(), fc.string({ unit: 'binary' }), deep)
  const source = withModels(
    'use std.clip { ClipConfig, ClipImageProcessor, ClipTextConfig, ClipVisionConfig }',
    'model m = Holder from "weights/clip"',
  ).replace('pipeline', 'module Holder(config: ClipConfig) { inner = Linear(2, 2) }\npipeline')
  fc.assert(
    fc.property(text, (config) => {
      for (const d of messages(project(source, directory(config)))) expect(d).toMatch(/^(config|type|name)\//)
    }),
    { numRuns: 60 },
  )
})

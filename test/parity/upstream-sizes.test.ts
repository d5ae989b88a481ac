import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { towerOf, withoutTower } from '../../src/weights/other-names.js'
import { oracle } from './expressions.js'
import { compileText } from './harness.js'

interface Facts {
  readonly count: number
  readonly tensors: number
  /** SHA-256 of the sorted lines `name d0,d1,...`. */
  readonly digest: string
}

const upstream = oracle<Readonly<Record<string, Facts>>>('upstream_sizes')

/** The file of each model, its constructor, and the count that its publication or its users give. */
const models: readonly (readonly [
  file: string,
  module: string,
  configs: Readonly<Record<string, number>>,
])[] = [
  [
    'clip',
    'ClipModel',
    {
      openai_vit_l_14: 427_616_513,
      openai_vit_l_14_336: 427_944_193,
      metaclip_l_14: 427_616_513,
      metaclip_h_14: 986_109_441,
    },
  ],
  ['siglip', 'SiglipModel', { siglip_so400m_14_224: 877_360_306, siglip_so400m_14_384: 877_960_498 }],
  ['dinov2', 'Dinov2Model', { dinov2_base: 86_580_480, dinov2_large: 304_368_640 }],
  [
    'stable_diffusion',
    'UNet2DConditionModel',
    {
      sd_1_5_unet: 859_520_964,
      sd_2_1_unet: 865_910_724,
      sd_2_1_unclip_small_unet: 869_517_764,
      sd_2_1_unclip_unet: 870_173_124,
      sd_xl_unet: 2_567_463_684,
    },
  ],
  ['autoencoder', 'AutoencoderKL', { sd_vae: 83_653_863, flux_vae: 83_819_683 }],
  ['vq', 'VQModel', { amused_vq: 146_244_675 }],
  ['flux', 'FluxTransformer2DModel', { genhancer_light: 1_310_154_816 }],
]

/** The text encoders of Stable Diffusion: their configurations stand beside the UNets. */
const texts: readonly (readonly [config: string, module: string, call: string, count: number])[] = [
  ['sd_1_5_text', 'ClipTextModel', 'ClipTextModel(sd_1_5_text)', 123_060_480],
  ['sd_2_1_text', 'ClipTextModel', 'ClipTextModel(sd_2_1_text)', 340_387_840],
  ['sd_xl_text_2', 'ClipTextModelWithProjection', 'ClipTextModelWithProjection(sd_xl_text_2)', 694_659_840],
]

/** The model as it stands in a manifest. */
function factsOf(uses: string, call: string): Facts {
  const [found] = compileText(`${uses}; pipeline p { model m = ${call}; export m }`).manifest.models
  const parameters = found?.parameters ?? []
  const tower = towerOf(parameters.map(({ path }) => path))
  const lines = parameters.map(({ path, shape }) => `${withoutTower(tower, path)} ${shape.join(',')}`)
  // Names are ASCII, which Python and JavaScript sort alike.
  lines.sort((a, b) => (a < b ? -1 : 1))
  return {
    count: parameters.reduce((sum, { shape }) => sum + shape.reduce((n, d) => n * d, 1), 0),
    tensors: lines.length,
    digest: createHash('sha256').update(lines.join('\n')).digest('hex'),
  }
}

describe('named architectures have the parameters of transformers and diffusers, by name and shape', () => {
  for (const [file, module, configs] of models) {
    for (const [config, count] of Object.entries(configs)) {
      it(config, () => {
        const found = factsOf(`use std.${file} { ${module}, ${config} }`, `${module}(${config})`)
        expect(found).toEqual(upstream[config])
        expect(found.count).toBe(count)
      })
    }
  }
  for (const [config, module, call, count] of texts) {
    it(config, () => {
      const uses = `use std.clip { ${module} }; use std.stable_diffusion { ${config} }`
      const found = factsOf(uses, call)
      expect(found).toEqual(upstream[config])
      expect(found.count).toBe(count)
    })
  }
})

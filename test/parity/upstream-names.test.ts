import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compileText } from './harness.js'

interface Upstream {
  readonly count: number
  readonly shapes: Readonly<Record<string, readonly number[]>>
}

const upstream = JSON.parse(
  readFileSync(new URL('../oracle/fixtures/upstream_names.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, Upstream>>

const model = {
  openai_vit_b_32:
    'use std.clip { ClipModel, openai_vit_b_32 }; pipeline p { model m = ClipModel(openai_vit_b_32); export m }',
  openai_vit_l_14:
    'use std.clip { ClipModel, openai_vit_l_14 }; pipeline p { model m = ClipModel(openai_vit_l_14); export m }',
  sd_1_5_unet:
    'use std.stable_diffusion { UNet2DConditionModel, sd_1_5_unet }; pipeline p { model m = UNet2DConditionModel(sd_1_5_unet); export m }',
  sd_2_1_unet:
    'use std.stable_diffusion { UNet2DConditionModel, sd_2_1_unet }; pipeline p { model m = UNet2DConditionModel(sd_2_1_unet); export m }',
}

describe('the real sizes have the parameters of the published models, by name and shape', () => {
  for (const [name, text] of Object.entries(model)) {
    it(name, () => {
      const [found] = compileText(text).manifest.models
      const ours = Object.fromEntries((found?.parameters ?? []).map(({ path, shape }) => [path, shape]))
      expect(ours).toEqual(upstream[name]?.shapes)
      const count = Object.values(ours).reduce((sum, shape) => sum + shape.reduce((n, d) => n * d, 1), 0)
      expect(count).toBe(upstream[name]?.count)
    })
  }

  it('counts as published', () => {
    expect(upstream['openai_vit_l_14']?.count).toBe(427_616_513)
    expect(upstream['sd_1_5_unet']?.count).toBe(859_520_964)
    expect(upstream['sd_2_1_unet']?.count).toBe(865_910_724)
  })
})

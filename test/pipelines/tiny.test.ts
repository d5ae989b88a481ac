import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { compile } from '../../src/compiler/index.js'
import { runPipeline } from '../../src/runtime/run.js'

/*
 * Aim: the paper's pipelines run from start to end, without weights and data, on networks of a few thousand parameters:
 * two steps of every stage, evaluations, exports. The declarations are those of pipelines/; only sizes change.
 */
const root = fileURLToPath(new URL('../../pipelines', import.meta.url))

const head = `
use std.autoencoder { AutoencoderKL, sd_vae }
use std.clip { ClipConfig, ClipModel, ClipTextConfig, ClipTextModel, ClipVisionConfig }
use std.stable_diffusion { UNet2DConditionModel, sd_2_1_unet }
`
const tiny = `
  override param batch: int = 2
  override param size: int = 16
  override param stored: int = 20
  override param rank: int = 2
  override data cc3m = image_shards("datasets/none", size = stored)
  override model clip = ClipModel(ClipConfig(
    projection_dim = 6,
    vision_config = ClipVisionConfig(hidden_size = 8, intermediate_size = 12, num_hidden_layers = 1, num_attention_heads = 2, image_size = 16, patch_size = 8),
    text_config = ClipTextConfig(vocab_size = 9, hidden_size = 4, intermediate_size = 5, num_hidden_layers = 1, num_attention_heads = 1),
  )) from "weights/none"
  override model vae = AutoencoderKL(sd_vae with { block_out_channels: [4, 4, 4, 4], norm_num_groups: 2 }) from "weights/none"
  override model unet = UNet2DConditionModel(sd_2_1_unet with {
    block_out_channels: [8, 8, 8, 8], norm_num_groups: 2, cross_attention_dim: 8, attention_head_dim: [1, 2, 2, 2],
  }) from "weights/none"
  override model text = ClipTextModel(ClipTextConfig(hidden_size = 8, intermediate_size = 8, num_hidden_layers = 1, num_attention_heads = 2)) from "weights/none"
`

/** `npm run pipelines` runs them all. */
const allPipelines = process.env['DCRC_PIPELINES'] === 'all'
const quick = [
  ['dcr-official', 'dcr_official'],
  ['naive', 'naive'],
] as const
const others = [
  ['dcr', 'dcr'],
  ['reconstruction', 'reconstruction'],
] as const

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'dcrc-'))))
afterEach(() => rmSync(folder, { recursive: true }))

describe('with --weights random --steps 2', () => {
  for (const [file, name] of allPipelines ? [...quick, ...others] : quick)
    test(`${file}.dcr runs all stages, measures and exports`, { timeout: 400_000 }, async () => {
      const text = `${head}\nuse "./${file}.dcr" { ${name} }\npipeline tiny extends ${name} {${tiny}}`
      const { artefact, diagnostics } = compile({
        entry: 'tiny.dcr',
        files: { read: (path) => (path === 'tiny.dcr' ? text : readFileSync(join(root, path), 'utf8')) },
      })
      expect(diagnostics.map((d) => `${d.code}: ${d.message}`)).toEqual([])
      if (!artefact) throw new Error('not compiled')
      const result = await runPipeline(artefact, {
        root: folder,
        runDir: join(folder, 'run'),
        threads: 1,
        steps: 2,
        weights: 'random',
      })
      expect(result.status === 'failed' ? result.diagnostics.map((d) => d.message) : []).toEqual([])
      expect(result.status).toBe('done')
      const lines = readFileSync(join(folder, 'run/metrics.jsonl'), 'utf8').trimEnd().split('\n')
      const steps = lines.map((line) => JSON.parse(line) as { stage: string; loss: number })
      expect(steps.map(({ stage }) => stage)).toEqual(['align', 'align', 'enhance', 'enhance'])
      expect(steps.every(({ loss }) => Number.isFinite(loss) && loss > 0)).toBe(true)
      expect(readdirSync(join(folder, 'run/export')).sort()).toEqual(['clip', 'enc', 'features'])
      const { random } = JSON.parse(readFileSync(join(folder, 'run/run.json'), 'utf8')) as { random: unknown }
      expect(random).toEqual({ weights: ['clip', 'vae', 'unet', 'text'], data: ['cc3m', 'digits'] })
    })
})

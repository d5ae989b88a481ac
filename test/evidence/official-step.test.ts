import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compile } from '../../src/compiler/index.js'
import { peftFiles } from '../../src/runtime/exports/peft-names.js'
import { runPipeline } from '../../src/runtime/run.js'
import { openSafetensors, readTensor } from '../../src/weights/safetensors.js'
import { toFloat32 } from '../../src/runtime/tensors.js'
import { Fixture, relativeError } from '../parity/harness.js'
import { repository } from './project.js'
import { metricsOf } from './runs.js'

/*
 * Aim: `dcr-official.dcr` with tiny models, run as a user runs it, trains as torch, transformers, diffusers and peft do
 * in the published step: both stages, two micro-batches a step, masks of dropout, order of the pictures and all.
 */

const folder = 'test/oracle/fixtures/official'
const text = `
use std.augment { random_resized_crop }
use std.autoencoder { AutoencoderConfig, AutoencoderKL }
use std.clip { ClipConfig, ClipModel, ClipTextConfig, ClipTextModel, ClipVisionConfig }
use std.stable_diffusion { UNet2DConditionModel, UNetConfig }
use "./dcr-official.dcr" { dcr_official }

let tower = ClipTextConfig(
  vocab_size = 20, hidden_size = 24, intermediate_size = 48, num_hidden_layers = 1, num_attention_heads = 3,
  max_position_embeddings = 5
)

pipeline tiny extends dcr_official {
  override param batch = 3
  override param size = 16
  override param rank = 2
  override param align_steps = 20
  override param enhance_steps = 20
  override param align_lr = 1e-2
  override param lr = 1e-3
  // All in f32.
  override param loss_type = "f32"
  override let z = clip.image_features(view)
  override let z_plus = clip.image_features(view_plus)
  override stage enhance { precision f32 }
  override data cc3m = webdataset("${folder}/pictures.tar", shuffle = 20) {
    image: f32[3, 20, 20] = centre_crop(image, 20)
  }
  override let image = random_resized_crop(cc3m.image, ratio_low = 3.0 / 4, ratio_high = 4.0 / 3, size = size)
  override model clip = ClipModel(ClipConfig(
    projection_dim = 20,
    vision_config = ClipVisionConfig(
      hidden_size = 24, intermediate_size = 48, num_hidden_layers = 2, num_attention_heads = 3, image_size = 16, patch_size = 8
    ),
    text_config = tower
  )) from "${folder}/clip.safetensors"
  override model vae = AutoencoderKL(AutoencoderConfig(
    down_block_types = ["DownEncoderBlock2D", "DownEncoderBlock2D"], up_block_types = ["UpDecoderBlock2D", "UpDecoderBlock2D"],
    block_out_channels = [4, 8], layers_per_block = 1, norm_num_groups = 2
  )) from "${folder}/vae.safetensors"
  override model unet = UNet2DConditionModel(UNetConfig(
    down_block_types = ["DownBlock2D", "CrossAttnDownBlock2D"], up_block_types = ["CrossAttnUpBlock2D", "UpBlock2D"],
    block_out_channels = [8, 16], layers_per_block = 1, cross_attention_dim = 24, attention_head_dim = [1, 2],
    transformer_layers_per_block = [1, 1], norm_num_groups = 4, use_linear_projection = true
  )) from "${folder}/unet.safetensors"
  override model text = ClipTextModel(tower with { hidden_act: "gelu" }) from "${folder}/text.safetensors"
  override let visible = constant([[1, 1, 0, 0, 0]])
  override let prompt = text(constant([[18, 19, 0, 0, 0]]), visible).last_hidden_state
  remove evaluate d_ability
  remove evaluate p_ability
  remove data mmvp
}`

interface StageFacts {
  readonly losses: readonly number[]
  readonly grad_norms: readonly number[]
}

/** What the gradient of this is in exact arithmetic: it shifts all scores of a query alike. AdamW makes steps of noise. */
const withoutGradient = (name: string): boolean => name.endsWith('k_proj.bias')

describe('the published training step', () => {
  const runDir = mkdtempSync(join(tmpdir(), 'dcrc-official-'))
  let fixture: Fixture
  beforeAll(async () => {
    fixture = await Fixture.open('official_step')
    const { artefact, diagnostics } = compile({
      entry: 'tiny.dcr',
      files: {
        read: (path) =>
          path === 'tiny.dcr' ? text : readFileSync(join(repository, 'pipelines', path), 'utf8'),
      },
    })
    if (!artefact) throw new Error(diagnostics.map((d) => `${d.code}: ${d.message}`).join('\n'))
    const seed = Number(fixture.facts['seed'])
    const result = await runPipeline(artefact, { root: repository, runDir, seed, threads: 1 })
    if (result.status === 'failed') throw new Error(result.diagnostics.map((d) => d.message).join('\n'))
  })
  afterAll(() => rmSync(runDir, { recursive: true, force: true }))

  for (const stage of ['align', 'enhance'] as const) {
    test(`${stage}: losses and norms of gradients over 20 steps within 1e-3`, () => {
      const facts = fixture.facts[stage] as StageFacts
      const lines = metricsOf(runDir).filter((line) => line.stage === stage)
      expect(
        relativeError(
          lines.map(({ loss }) => loss),
          facts.losses,
        ),
      ).toBeLessThan(1e-3)
      expect(
        relativeError(
          lines.map(({ grad_norm: norm }) => norm ?? NaN),
          facts.grad_norms,
        ),
      ).toBeLessThan(1e-3)
    })

    test(`${stage}: all that is trained ends within 1e-3, and has gone as far`, async () => {
      const names = fixture.names(`${stage}/end/`)
      const found = new Map<string, Float32Array>()
      for (const model of new Set(names.map((name) => name.slice(0, name.indexOf('.'))))) {
        const checkpoint = join(runDir, `checkpoints/${stage}-20`)
        const file = model === 'enc' ? join(model, peftFiles.weights) : `${model}.safetensors`
        const { tensors } = await openSafetensors(join(checkpoint, file))
        for (const [path, stored] of tensors)
          found.set(`${model}.${path}`, new Float32Array(await readTensor(stored)))
      }
      for (const name of names.filter((n) => !withoutGradient(n))) {
        const end = toFloat32(await fixture.tensor(`${stage}/end/${name}`))
        const start = toFloat32(await fixture.tensor(`${stage}/start/${name}`))
        const actual = found.get(name) ?? new Float32Array()
        const moved = (to: Float32Array): Float32Array => to.map((v, i) => v - (start[i] ?? 0))
        expect(relativeError(actual, end), name).toBeLessThan(1e-3)
        expect(relativeError(moved(actual), moved(end)), `${name} moved`).toBeLessThan(5e-3)
      }
    })
  }
})

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DiskFiles } from '../../src/cli/files.js'
import type { Artefact } from '../../src/artefact/manifest.js'
import { compile } from '../../src/compiler/index.js'
import { runPipeline } from '../../src/runtime/run.js'
import { findWeights } from '../../src/weights/find.js'
import { openSafetensors } from '../../src/weights/safetensors.js'
import { expectValues, saved } from './weight-fixtures.js'

/*
 * Aim: the models of the library take what transformers and diffusers save, in every form: a frozen model beside a
 * trained layer computes the same losses from each, and is exported with the values that torch has.
 */

let root: string
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'dcrc-'))))
afterEach(() => rmSync(root, { recursive: true }))

const clip = (clause: string): string => `
use std.clip { ClipConfig, ClipModel, ClipTextConfig, ClipVisionConfig }
use std.nn { Linear }
pipeline loaded {
  model net = ClipModel(ClipConfig(
    vision_config = ClipVisionConfig(
      hidden_size = 16, intermediate_size = 24, num_hidden_layers = 2, num_attention_heads = 4, image_size = 24, patch_size = 8
    ),
    text_config = ClipTextConfig(
      vocab_size = 40, hidden_size = 12, intermediate_size = 20, num_hidden_layers = 1, num_attention_heads = 3,
      max_position_embeddings = 9
    ),
    projection_dim = 10
  )) ${clause}
  model head = Linear(10, 2)
  let picture = draw normal of [2, 3, 24, 24]
  loss far = mean(square(head(net.image_features(picture)) - 1.0))
  stage learn { train head; minimize far; optimizer adamw(lr = 0.01); steps 2 }
  export net
}`

const autoencoder = (clause: string): string => `
use std.autoencoder { AutoencoderConfig, AutoencoderKL }
use std.nn { Linear }
pipeline loaded {
  model net = AutoencoderKL(AutoencoderConfig(block_out_channels = [8], latent_channels = 3, norm_num_groups = 4)) ${clause}
  model head = Linear(8, 8)
  let picture = draw normal of [1, 3, 8, 8]
  loss far = mean(square(head(net.encode(picture).mean)))
  stage learn { train head; minimize far; optimizer adamw(lr = 0.01); steps 2 }
  export net
}`

function compiled(text: string): Artefact {
  const disk = new DiskFiles(root)
  const { artefact, diagnostics } = compile({
    entry: 'p.dcr',
    files: { read: (path) => (path === 'p.dcr' ? text : disk.read(path)), binary: disk.binary },
  })
  expect(diagnostics.filter((d) => d.severity === 'error').map((d) => d.message)).toEqual([])
  if (!artefact) throw new Error('not compiled')
  return artefact
}

/** Runs a pipeline; gives its losses and the file of the exported model. */
async function run(
  text: string,
  name: string,
  env: NodeJS.ProcessEnv = {},
): Promise<{ losses: string; file: string }> {
  const before = process.env['HF_HUB_CACHE']
  Object.assign(process.env, env)
  try {
    const result = await runPipeline(compiled(text), { root, threads: 1, runDir: join(root, name) })
    if (result.status !== 'done')
      throw new Error(
        result.status === 'failed' ? result.diagnostics.map((d) => d.message).join() : 'stopped',
      )
    const metrics = readFileSync(join(root, name, 'metrics.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
    const losses = metrics.map((line) => (JSON.parse(line) as { loss: number }).loss).join()
    const exported = findWeights(result.exported['net'] ?? '', root)
    if (exported.kind === 'missing') throw new Error(exported.problem)
    return { losses, file: exported.file }
  } finally {
    if (before === undefined) delete process.env['HF_HUB_CACHE']
    else process.env['HF_HUB_CACHE'] = before
  }
}

test('CLIP of a folder, of parts, of torch files and of the Hugging Face cache', async () => {
  const forms: [string, string][] = [
    ['clip', ''],
    ['clip-sharded', ''],
    ['clip-bin-sharded', ''],
    ['clip-bin', ' ignore "*.position_ids"'],
  ]
  const losses = new Set<string>()
  for (const [form, clause] of forms) {
    cpSync(saved(form), join(root, 'weights', form), { recursive: true })
    const { losses: own, file } = await run(clip(`from "weights/${form}"${clause}`), form)
    losses.add(own)
    await expectValues((await openSafetensors(file)).tensors, 'clip')
  }
  const commit = 'd'.repeat(40)
  const model = join(root, 'hub/models--org--tiny')
  for (const [place, content] of [
    ['refs/main', commit],
    ['blobs/weights', readFileSync(join(saved('clip'), 'model.safetensors'))],
  ] as const) {
    mkdirSync(dirname(join(model, place)), { recursive: true })
    writeFileSync(join(model, place), content)
  }
  mkdirSync(join(model, 'snapshots', commit), { recursive: true })
  symlinkSync('../../blobs/weights', join(model, 'snapshots', commit, 'model.safetensors'))
  symlinkSync(join(saved('clip'), 'config.json'), join(model, 'snapshots', commit, 'config.json'))
  const cached = { HF_HUB_CACHE: join(root, 'hub') }
  losses.add((await run(clip('from "org/tiny"'), 'cached', cached)).losses)
  // the configuration is read there, too
  const short = clip('').replace(/ClipModel\(ClipConfig[^]*?\n  \)\)/, 'ClipModel from "org/tiny"')
  losses.add((await run(short, 'configured', cached)).losses)
  expect(losses.size).toBe(1)

  cpSync(saved('clip-half'), join(root, 'weights/half'), { recursive: true })
  const half = await run(clip('from "weights/half"'), 'half')
  await expectValues((await openSafetensors(half.file)).tensors, 'clip-half')
})

test('an autoencoder under the names of now and of before', async () => {
  const losses = new Set<string>()
  for (const form of ['vae', 'vae-older']) {
    cpSync(saved(form), join(root, form), { recursive: true })
    const { losses: own, file } = await run(autoencoder(`from "${form}"`), `run-${form}`)
    losses.add(own)
    await expectValues((await openSafetensors(file)).tensors, 'vae')
  }
  expect(losses.size).toBe(1)
})

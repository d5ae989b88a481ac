import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, Tensor } from '../../src/runtime/onnxruntime.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSafetensors } from '../../src/weights/safetensors.js'
import { toFloat32 } from '../../src/runtime/tensors.js'
import { exportedFolder as exportedBy, runExports } from '../tools/export-fixture.js'
import { Fixture, relativeError } from './harness.js'

/*
 * Aim: what a run exports is what transformers, diffusers and peft load: they loaded the exports of one run without a
 * missing, unexpected or mismatched key and computed with them (test/oracle/export.py), and a run today writes the same
 * files, keys, shapes and configurations.
 */
const exportedFolder = exportedBy('export')
const source = join(exportedFolder, '../source')
let fixture: Fixture
const folder = mkdtempSync(join(tmpdir(), 'dcrc-export-'))
const run = join(folder, 'run')
beforeAll(async () => {
  fixture = await Fixture.open('export')
  await runExports('export', run)
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort()

const tableOf = async (file: string) => {
  const { tensors, metadata } = await openSafetensors(file)
  return { metadata, tensors: [...tensors.values()].map(({ name, dtype, shape }) => [name, dtype, ...shape]) }
}

describe('from_pretrained of what a run exported', () => {
  for (const [name, type] of [
    ['clip', 'CLIPModel'],
    ['vae', 'AutoencoderKL'],
    ['new_clip', 'CLIPModel'],
    ['new_text', 'CLIPTextModel'],
    ['new_siglip', 'SiglipModel'],
    ['new_dinov2', 'Dinov2Model'],
    ['new_vae', 'AutoencoderKL'],
    ['new_unet', 'UNet2DConditionModel'],
  ] as const)
    test(`loads ${name} as ${type}, with every key and no other`, () => {
      expect(fixture.facts[name]).toEqual({
        class: type,
        missing_keys: [],
        unexpected_keys: [],
        mismatched_keys: [],
        error_msgs: [],
      })
    })

  test('loads the adapter beside every layer, and what it then computes is the merged model', async () => {
    const { absent, layers, targets } = fixture.facts['enc'] as Record<string, unknown>
    expect([absent, layers, (targets as string[]).length]).toEqual([[], 13, 13])
    const [merged, adapted, before] = await Promise.all(
      ['merged', 'adapted', 'before'].map(async (name) => toFloat32(await fixture.tensor(name))),
    )
    expect(relativeError(adapted ?? [], merged ?? [])).toBeLessThan(1e-5)
    // and that is not what it was before training
    expect(relativeError(before ?? [], merged ?? [])).toBeGreaterThan(0.1)
  })

  test('gives for 1, 3 and 7 pictures what the exported ONNX file gives', async () => {
    const [pixels, merged] = [
      toFloat32(await fixture.tensor('pixels')),
      toFloat32(await fixture.tensor('merged')),
    ]
    const session = await InferenceSession.create(join(exportedFolder, 'features/model.onnx'))
    for (const rows of [1, 3, 7]) {
      const image = new Tensor('float32', pixels.slice(0, rows * 3 * 12 * 12), [rows, 3, 12, 12])
      const { features } = await session.run({ image })
      expect(features?.dims).toEqual([rows, 6])
      expect(relativeError(features?.data as Float32Array, merged.subarray(0, rows * 6))).toBeLessThan(1e-4)
    }
    await session.release()
  })
})

describe('a run today', () => {
  test('exports the same files', () => {
    expect(filesOf(join(run, 'export'))).toEqual(filesOf(exportedFolder))
  })

  for (const file of [
    'clip/model.safetensors',
    'vae/diffusion_pytorch_model.safetensors',
    'enc/adapter_model.safetensors',
  ])
    test(`writes ${file} with the same tensors`, async () => {
      expect(await tableOf(join(run, 'export', file))).toEqual(await tableOf(join(exportedFolder, file)))
    })

  test('carries the configurations and the tokenizer over, byte by byte', () => {
    for (const name of filesOf(source).filter((file) => !file.endsWith('.safetensors')))
      expect(readFileSync(join(run, 'export', name), 'utf8'), name).toBe(
        readFileSync(join(source, name), 'utf8'),
      )
  })

  test('writes the configuration of models that had none', () => {
    const written = filesOf(exportedFolder).filter((file) => /^new_\w+.config\.json$/.test(file))
    expect(written).toHaveLength(6)
    for (const name of written)
      expect(readFileSync(join(run, 'export', name), 'utf8'), name).toBe(
        readFileSync(join(exportedFolder, name), 'utf8'),
      )
  })

  test('says of the adapter what peft was told', () => {
    const config = (folder: string): unknown =>
      JSON.parse(readFileSync(join(folder, 'enc/adapter_config.json'), 'utf8'))
    expect(config(join(run, 'export'))).toEqual(config(exportedFolder))
  })
})

import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { findMissing } from '../../src/cli/missing.js'
import { describeMissing, describePrediction, duration } from '../../src/cli/missing-report.js'
import { needs } from '../../src/compiler/needs.js'
import type { StagePlan } from '../../src/compiler/plan/report.js'
import { measureMachine } from '../../src/runtime/machine.js'
import { findPublished } from '../../src/runtime/published.js'

/*
 * Aim: a pipeline whose weights and data are not there says at once what it needs, how large it is, under which licence
 * and how to get it, and what training would take.
 */
const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, 'pipelines', path), 'utf8')

describe('what a full-size pipeline needs', () => {
  test('is known within two seconds, with sizes, licences and commands', async () => {
    const before = process.cpuUsage()
    const needed = needs({ entry: 'dcr.dcr', files: { read } })
    const missing = needed && (await findMissing(needed, join(tmpdir(), 'dcrc-no-files')))
    const { user } = process.cpuUsage(before)
    expect(user / 1e6).toBeLessThan(2)
    if (!missing) throw new Error('nothing is missing')

    const [clip, diffusion] = missing.weights
    // CLIPModel of transformers: 427,616,513 parameters
    expect(clip).toMatchObject({ models: ['clip'], parameters: 427_616_513, bytes: 4 * 427_616_513 })
    // the autoencoder, UNet and text encoder of Stable Diffusion 2.1
    expect(diffusion).toMatchObject({
      models: ['vae', 'unet', 'text'],
      parameters: 83_653_863 + 865_910_724 + 340_387_840,
      published: { id: 'stabilityai/stable-diffusion-2-1-base' },
    })
    const text = describeMissing(missing)
    for (const line of [
      '1.71 GB for 428M parameters, licence: see the model card of openai/clip-vit-large-patch14',
      'npx dcrc fetch openai/clip-vit-large-patch14 --to weights/clip-vit-large-patch14\n',
      'licence: CreativeML Open RAIL++-M',
      'npx dcrc fetch stabilityai/stable-diffusion-2-1-base --to weights/stable-diffusion-2-1-base\n',
      'data cc3m: no file is named datasets/cc3m/*.tar\n',
      'img2dataset --url_list cc3m.tsv',
    ])
      expect(text).toContain(line)
  })
})

test('a published model is found by its id and by a folder of its name, and by nothing else', () => {
  const id = 'openai/clip-vit-large-patch14'
  expect([findPublished(id)?.id, findPublished('weights/clip-vit-large-patch14')?.id]).toEqual([id, id])
  expect(findPublished('weights/stable-diffusion-2-1-base/vae')?.id).toBe(
    'stabilityai/stable-diffusion-2-1-base',
  )
  expect(findPublished('weights/clip-vit-large-patch14-tuned')).toBeUndefined()
})

test('durations are in the unit that they are read in', () => {
  expect([0.5, 90, 150, 7300, 200_000, 1e9].map(duration)).toEqual([
    '0.50 s',
    '90 s',
    '2.5 min',
    '2.0 h',
    '2.3 days',
    '32 years',
  ])
})

test('the prediction is the work over the speed of this machine, which is measured', async () => {
  const machine = await measureMachine()
  // No machine that runs this does less than 0.1 GFLOP/s, or more than 100 TFLOP/s.
  expect(machine.flopsPerSecond).toBeGreaterThan(1e8)
  expect(machine.flopsPerSecond).toBeLessThan(1e14)
  const stage = { stage: 'fit', steps: 1000, flops: 3e12, memory: { peak: 9e9 } } as StagePlan
  const text = describePrediction([stage], { flopsPerSecond: 1e11, memory: 8e9 })
  expect(text).toContain(
    'stage fit: at least 30 s a step, 1,000 steps at least 8.3 h; 9.00 GB of memory, more than this machine has',
  )
})

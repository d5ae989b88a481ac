import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RunEvent } from '../../src/runtime/events.js'
import { type RunOptions, runPipeline } from '../../src/runtime/run.js'
import { openSafetensors, readTensor, writeSafetensors } from '../../src/weights/safetensors.js'
import { compileText } from '../parity/harness.js'

/*
 * Aim: with nothing downloaded a pipeline can be tried out: what is there is used, what is not is made up from the
 * seed, and the run says so wherever it could be taken for a result.
 */
const artefact = compileText(`
use std.nn { Linear }
pipeline absent {
  data pictures = image_folder("pictures", captions = true) rows 5 { image: f32[3, 4, 4] = centre_crop(image, 4) }
  data titles = emoji_art(styles = ["noto"], size = 8) rows 5 {
    ids: i64[6] = word_tokens(name, length = 6, vocabulary = "no-words.txt")
  }
  model seen = Linear(48, 4) from "weights/seen.safetensors"
  model lost = Linear(6, 4) from "weights/lost"
  model head = Linear(4, 2)
  let z = seen(flatten(pictures.image, 1)) + lost(cast(titles.ids, f32))
  loss far = mean(square(head(z)))
  stage learn { train head, lost; minimize far; optimizer adamw(lr = 0.01); steps 4; save_every 2 }
  export lost
}`)

let folder: string
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dcrc-'))
  const tensor = (name: string, shape: number[], value: number) => ({
    name,
    dtype: 'f32' as const,
    shape,
    content: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value),
  })
  await writeSafetensors(join(folder, 'weights/seen.safetensors'), [
    tensor('weight', [4, 48], 0.5),
    tensor('bias', [4], 0.25),
  ])
})
afterEach(() => rmSync(folder, { recursive: true }))

const run = (name: string, extra: RunOptions = {}) =>
  runPipeline(artefact, { root: folder, threads: 1, runDir: join(folder, name), weights: 'random', ...extra })
const read = (path: string): string => readFileSync(join(folder, path)).toString('base64')

describe('weights and data that are not there', () => {
  test('are errors, all of them together', async () => {
    const result = await runPipeline(artefact, { root: folder, runDir: join(folder, 'a') })
    expect(result.status === 'failed' && result.diagnostics.map((d) => d.code)).toEqual([
      'run/data-missing',
      'run/data-missing',
      'run/weights-missing',
    ])
    expect(existsSync(join(folder, 'a'))).toBe(false)
  })

  test('are told once where several declarations take one folder', async () => {
    const twice = compileText(`
pipeline twice {
  data all = image_folder("pets", classes = 2)
  data train = part(all, 0%..80%) rows 2 { image: u8[3, 4, 4] = centre_crop(image, 4) }
  data test = part(all, 80%..100%) { image: u8[3, 4, 4] = centre_crop(image, 4) }
  evaluate a = average(value = mean(cast(train.image, f32)))
  evaluate b = average(value = mean(cast(test.image, f32)))
}`)
    const result = await runPipeline(twice, { root: folder, runDir: join(folder, 'a') })
    expect(result.status === 'failed' && result.diagnostics.map((d) => d.message)).toEqual([
      `data \`train\`, \`test\`: the folder ${join(folder, 'pets')} is missing`,
    ])
  })

  test('are made up under `--weights random`, and what is there is used', async () => {
    const events: RunEvent[] = []
    const { status } = await run('a', { onEvent: (e) => events.push(e) })
    expect(status).toBe('done')
    const random = { weights: ['lost'], data: ['pictures', 'titles'] }
    expect(JSON.parse(readFileSync(join(folder, 'a/run.json'), 'utf8'))).toMatchObject({ random })
    expect(events[0]).toMatchObject({ kind: 'started', random })
    expect(events.at(-1)).toMatchObject({ kind: 'done', random })
    expect(existsSync(join(folder, 'a/initial/seen.safetensors'))).toBe(false)

    // torch's Linear: uniform within 1 / sqrt(6)
    const { tensors } = await openSafetensors(join(folder, 'a/initial/lost.safetensors'))
    const weight = tensors.get('weight')
    if (!weight) throw new Error('no weight')
    const values = new Float32Array(await readTensor(weight))
    const bound = 1 / Math.sqrt(6)
    expect(values.every((v) => v >= -bound && v < bound)).toBe(true)
    expect(new Set(values).size).toBe(24)
  })

  test('follow from the seed', async () => {
    for (const [name, seed] of [
      ['a', 3],
      ['b', 3],
      ['c', 4],
    ] as const)
      await run(name, { seed })
    const losses = (name: string): string[] =>
      readFileSync(join(folder, name, 'metrics.jsonl'), 'utf8').match(/"loss":[^,]+/g) ?? []
    expect(losses('a')).toHaveLength(4)
    expect(losses('b')).toEqual(losses('a'))
    expect(losses('c')).not.toEqual(losses('a'))
  })

  test('are the same when the run is resumed, also without the flag', async () => {
    await run('whole')
    await run('cut', { steps: 2 })
    const { status } = await runPipeline(artefact, {
      root: folder,
      threads: 1,
      runDir: join(folder, 'cut'),
      resume: true,
    })
    expect(status).toBe('done')
    for (const file of ['lost', 'head', 'optimizer'])
      expect(read(`cut/checkpoints/learn-4/${file}.safetensors`)).toBe(
        read(`whole/checkpoints/learn-4/${file}.safetensors`),
      )
  })
})

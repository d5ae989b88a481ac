import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DataSpec, SourcePlan } from '../../src/artefact/data.js'
import { compile } from '../../src/compiler/index.js'
import type { Pixels } from '../../src/runtime/pictures/picture.js'
import { openData } from '../../src/runtime/fields.js'
import { Batches } from '../../src/runtime/order/batches.js'
import { alone } from '../../src/runtime/order/order.js'
import { runPipeline } from '../../src/runtime/run.js'
import type { Dataset } from '../../src/runtime/sources/dataset.js'
import { readLibrary } from '../check/analyze.js'

// pictures of one colour each, but for a gradient of which crops are told apart
const shade = (index: number): Pixels => ({
  kind: 'pixels',
  width: 8,
  height: 8,
  channels: 3,
  data: Uint8Array.from({ length: 192 }, (_, k) => (k % 3 === 0 ? index : k)),
})
const table = (length: number, start = 0): Dataset => ({
  length,
  fingerprint: 'table',
  row: (index) => ({ image: shade(start + index) }),
})

/** The only data of a pipeline, as it is compiled. */
function compiled(data: string): DataSpec {
  const text = `use std.nn { Linear }
pipeline p {
  ${data}
  model head = Linear(192, 1)
  stage fit { train head; minimize mean(head(flatten(train.a, 1))); optimizer sgd(lr = 0.1); steps 2 }
}`
  const read = (path: string): string | undefined => (path === 'p.dcr' ? text : readLibrary(path))
  const { artefact, diagnostics } = compile({ entry: 'p.dcr', files: { read } })
  const spec = artefact?.manifest.data.find(({ name }) => name === 'train')
  if (!spec) throw new Error(diagnostics.map(({ message }) => message).join('; '))
  return spec
}

const spec = compiled(`data train = image_folder("one") rows 4 {
    let crop = random_resized_crop(image, 8, scale = (0.2, 0.9))
    a: f32[3, 8, 8] = crop
    b: f32[3, 4, 4] = centre_crop(crop, 4)
    c: f32[3, 8, 8] = random_resized_crop(image, 8, scale = (0.2, 0.9))
    d: f32[3, 8, 8] = centre_crop(image, 8)
  }`)
const names = ['a', 'b', 'c', 'd']
const sampleOf = (index: number, epoch: number) => ({
  part: 0,
  row: { image: shade(index) },
  epoch,
  id: `${index}`,
})

describe('fields of a row', () => {
  test('that read one `let` share what it drew; other calls draw for themselves', async () => {
    const data = await openData(spec, '/', async () => table(5))
    const [a, b, c, d] = await data.fields(sampleOf(3, 0), names, 7)
    // channels first: the 4 by 4 in the middle of 8 by 8
    const middle = [...(a ?? [])].filter((_, k) => 2 <= k % 8 && k % 8 < 6 && 16 <= k % 64 && k % 64 < 48)
    expect([...(b ?? [])]).toEqual(middle)
    expect(c).not.toEqual(a)
    expect([...(d ?? [])].slice(0, 64).every((v) => v === 3)).toBe(true)
  })

  test('are drawn by seed, epoch and row alone', async () => {
    const open = () => openData(spec, '/', async () => table(5))
    const data = await open()
    const first = await data.fields(sampleOf(3, 1), names, 7)
    await data.fields(sampleOf(4, 1), names, 7)
    expect(await data.fields(sampleOf(3, 1), names, 7)).toEqual(first)
    expect(await (await open()).fields(sampleOf(3, 1), ['c', 'a'], 7)).toEqual([first[2], first[0]])
    const others = await Promise.all([
      data.fields(sampleOf(3, 2), ['a'], 7),
      data.fields(sampleOf(2, 1), ['a'], 7),
      data.fields(sampleOf(3, 1), ['a'], 8),
    ])
    expect(new Set([first.slice(0, 1), ...others].map(String)).size).toBe(4)
  })

  test('of a mix are those of the part that a row comes from', async () => {
    const mix = compiled(`data one = image_folder("one") { a: f32[3, 8, 8] = centre_crop(image, 8) }
  data two = image_folder("two") { a: f32[3, 8, 8] = random_resized_crop(image, 8, scale = (0.2, 0.9)) }
  data train = mix([one, two], weights = [1, 1]) rows 4`)
    const open = async ({ arguments: { folder } }: SourcePlan) => table(20, folder === 'one' ? 0 : 100)
    const data = await openData(mix, '/', open)
    const samples = await new Batches(data.rows, { seed: 7, data: 'train', ...alone }).batch(0, 40)
    expect(new Set(samples.map(({ part: of }) => of))).toEqual(new Set([0, 1]))
    for (const sample of samples) {
      const [value = []] = await data.fields(sample, ['a'], 7)
      const { data: pixels } = sample.row['image'] as Pixels
      expect(value[0]).toBe(pixels[0])
      // the second channel of a crop is none of the picture
      const green = [...value].slice(64, 128).map(Number)
      const same = green.every((v, k) => v === pixels[3 * k + 1])
      expect(same).toBe(sample.part === 0)
    }
  })
})

describe('a run', () => {
  let folder: string
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'dcrc-'))))
  afterAll(() => rmSync(folder, { recursive: true }))

  const pixels = (i: number): Float32Array => new Float32Array(192).fill(i)
  const digits: Dataset = {
    length: 60,
    fingerprint: 'digits',
    row: (i) => ({ image: pixels(i), digit: BigInt64Array.of(BigInt(i % 10)) }),
  }
  const pipeline = (data: string): string => `use std.nn { Linear }
pipeline p {
  data all = mnist(split = "train", size = 8)
  ${data}
  model head = Linear(192, 10)
  evaluate seen = classification(logits = head(flatten(test.image, 1)), label = test.digit)
  stage fit {
    train head
    minimize mean(square(head(flatten(train.image, 1)))) / 1e6
    optimizer sgd(lr = 1e-9)
    steps 12
    monitor rows = mean(train.image)
  }
}`
  async function run(data: string, name: string) {
    const read = (path: string): string | undefined => (path === 'p.dcr' ? pipeline(data) : readLibrary(path))
    const { artefact, diagnostics } = compile({ entry: 'p.dcr', files: { read } })
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
    if (!artefact) throw new Error('not compiled')
    let labels: number[] = []
    const result = await runPipeline(artefact, {
      root: folder,
      runDir: join(folder, name),
      openDataset: async () => digits,
      measure: async (_, { results }) => {
        labels = [...(results['label']?.data ?? [])]
        return {}
      },
    })
    return { result, labels }
  }
  const monitored = (name: string): number[] =>
    readFileSync(join(folder, name, 'metrics.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { monitors: { rows: number } }).monitors.rows)

  test('trains on the rows of one part and measures all of the other', async () => {
    const { result, labels } = await run(
      `data train = part(where(all, digit < 3), 0%..50%) rows 3 { image: f32[3, 8, 8] = image }
       data test = part(where(all, digit < 3), 50%..100%) { image: f32[3, 8, 8] = image, digit: i64[] = digit }`,
      'parts',
    )
    expect(result.status).toBe('done')
    expect(labels).toHaveLength(9)
    expect(labels.every((label) => label < 3)).toBe(true)
    // an epoch of 9 rows is three batches, whose means add up to the same
    const means = monitored('parts')
    const epoch = (k: number) => means.slice(3 * k, 3 * k + 3).reduce((a, b) => a + b, 0)
    for (const k of [1, 2, 3]) expect(Math.abs(epoch(k) - epoch(0))).toBeLessThan(1e-3)
    expect(new Set(means.slice(0, 3).concat(means.slice(3, 6))).size).toBeGreaterThan(3)
  })

  test('of data without rows is refused before anything is written', async () => {
    const { result } = await run(
      `data train = where(all, digit > 100) rows 3 { image: f32[3, 8, 8] = image }
       data test = all { image: f32[3, 8, 8] = image, digit: i64[] = digit }`,
      'empty',
    )
    expect(
      result.status === 'failed' &&
        result.diagnostics.map(({ code, message, help }) => [code, message, help]),
    ).toEqual([
      [
        'run/data-empty',
        'data `train` has no rows',
        'its condition, part or limit leaves none: look at what stands behind `data train =`',
      ],
    ])
  })
})

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DataSpec } from '../../src/artefact/data.js'
import { compile } from '../../src/compiler/index.js'
import { bodies } from '../../src/runtime/host-functions/all.generated.js'
import type { HostBody } from '../../src/runtime/host-functions/host-body.js'
import { functions } from '../../src/sources/functions/all.generated.js'
import type { HostFunction } from '../../src/sources/source.js'
import { openData } from '../../src/runtime/fields.js'
import { Batches } from '../../src/runtime/order/batches.js'
import { alone } from '../../src/runtime/order/order.js'
import { runPipeline } from '../../src/runtime/run.js'
import type { Dataset } from '../../src/runtime/sources/dataset.js'
import { readLibrary } from '../check/analyze.js'

// A host function that draws, and one that waits.
const made: readonly HostBody[] = [
  {
    name: 'noise',
    prepare: async () => (_, draws) => Float32Array.of(draws.uniform(), draws.uniform()),
  },
  {
    name: 'late',
    prepare:
      async () =>
      async ({ of }) => {
        await Promise.resolve()
        return of instanceof Float32Array ? of.map((v) => 10 * v) : ''
      },
  },
]
const declared = made.map(({ name }): HostFunction => ({
  name,
  doc: '',
  parameters: [{ name: 'of', kind: 'column', takes: 'numbers', doc: '' }],
  type: () => ({ kind: 'tensor', dtype: 'f32', shape: [2] }),
}))
const lists: readonly (readonly [unknown[], readonly unknown[]])[] = [
  [bodies as HostBody[], made],
  [functions as HostFunction[], declared],
]
beforeAll(() => {
  for (const [list, more] of lists) list.push(...more)
})
afterAll(() => {
  for (const [list, more] of lists) list.splice(-more.length)
})

const table = (length: number, start = 0): Dataset => ({
  length,
  fingerprint: 'table',
  row: (index) => ({ x: Float32Array.of(start + index, 0) }),
})
const call = (name: string, of: DataSpec['parts'][number]['values'][number]) =>
  ({ kind: 'call', function: name, arguments: { of } }) as const
const x = { kind: 'column', name: 'x' } as const
const crop = { kind: 'let', name: 'all.crop' } as const
const fields = ['a', 'b', 'c', 'd'].map((name) => ({ name, dtype: 'f32' as const, shape: [2] }))
const spec: DataSpec = {
  name: 'train',
  fields,
  parts: [
    {
      rows: { kind: 'source', source: 'any', arguments: {} },
      group: 0,
      lets: [{ name: 'all.crop', value: call('noise', x) }],
      values: [crop, call('late', crop), call('noise', x), x],
    },
  ],
  weights: [1],
}
const names = fields.map(({ name }) => name)
const sampleOf = (index: number, epoch: number) => ({
  part: 0,
  row: { x: Float32Array.of(index, 0) },
  epoch,
  id: `${index}`,
})

describe('fields of a row', () => {
  test('that read one `let` share what it drew; other calls draw for themselves', async () => {
    const data = await openData(spec, '/', async () => table(5))
    const [a, b, c, d] = await data.fields(sampleOf(3, 0), names, 7)
    expect(b).toEqual((a as Float32Array).map((v) => 10 * v))
    expect(c).not.toEqual(a)
    expect(d).toEqual(Float32Array.of(3, 0))
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
    const part = (source: string, group: number, values: DataSpec['parts'][number]['values']) => ({
      rows: { kind: 'source' as const, source, arguments: {} },
      group,
      lets: [],
      values,
    })
    const mix: DataSpec = {
      name: 'train',
      fields: fields.slice(0, 1),
      parts: [part('one', 0, [x]), part('two', 1, [call('late', x)])],
      weights: [1, 1],
    }
    const data = await openData(mix, '/', async ({ source }) => table(20, source === 'one' ? 0 : 100))
    const samples = await new Batches(data.rows, { seed: 7, data: 'train', ...alone }).batch(0, 40)
    expect(new Set(samples.map(({ part: of }) => of))).toEqual(new Set([0, 1]))
    for (const sample of samples) {
      const [value] = await data.fields(sample, ['a'], 7)
      const [of = NaN] = sample.row['x'] as Float32Array
      expect((value as Float32Array)[0]).toBe(of < 100 ? of : 10 * of)
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

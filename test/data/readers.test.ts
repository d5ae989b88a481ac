import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Settings } from '../../src/artefact/json.js'
import { decode } from '../../src/runtime/pictures/decode.js'
import { isPicture } from '../../src/runtime/pictures/picture.js'
import type { ColumnValue, Row, RowStream, StreamRow } from '../../src/runtime/sources/dataset.js'
import { DataInvalid, DataMissing } from '../../src/runtime/sources/dataset.js'
import { braces } from '../../src/runtime/sources/files/braces.js'
import parquet from '../../src/runtime/sources/parquet.js'
import table from '../../src/runtime/sources/table.js'
import webdataset from '../../src/runtime/sources/webdataset.js'
import { Project, png } from './project.js'

/** Files that datasets and webdataset wrote, and what they read of them: test/oracle/data_files.py. */
const fixtures = fileURLToPath(new URL('../oracle/fixtures/data', import.meta.url))
type Samples = readonly { key: string; members: Record<string, number> }[]
const expected = JSON.parse(readFileSync(join(fixtures, 'expected.json'), 'utf8')) as {
  readonly gnu: Samples
  readonly pax: Samples
  readonly ustar: Samples
  readonly parquet: {
    readonly pixels: readonly number[][]
    readonly caption: readonly string[]
    readonly label: readonly number[]
    readonly score: readonly number[]
    readonly box: readonly number[][]
  }
}

let project: Project
beforeEach(() => (project = new Project()))
afterEach(() => project.remove())

const first = async (value: ColumnValue | undefined): Promise<readonly number[]> => {
  if (typeof value !== 'object' || !isPicture(value)) throw new Error('no picture')
  return [...(await decode(value)).data.subarray(0, 3)]
}

const columns = {
  image: 'picture',
  caption: 'text',
  label: 'i64[]',
  score: 'f32[]',
  box: 'f32[4]',
}

describe('parquet', () => {
  test('gives the rows that datasets wrote, in any order', async () => {
    const data = await parquet.open({ files: 'rows.parquet', columns }, fixtures)
    const { pixels, caption, label, score, box } = expected.parquet
    expect(data.length).toBe(5)
    for (const k of [3, 0, 4, 1, 2]) {
      const row = await data.row(k)
      expect(await first(row['image'])).toEqual(pixels[k])
      expect({ ...row, image: 0 }).toEqual({
        image: 0,
        caption: caption[k],
        label: BigInt64Array.of(BigInt(label[k] ?? 0)),
        score: Float32Array.of(score[k] ?? 0),
        box: Float32Array.from(box[k] ?? []),
      })
    }
    expect(await data.columns(['label'])).toEqual(label.map((n) => ({ label: BigInt64Array.of(BigInt(n)) })))
  })

  test('gives a column the name that the pipeline has for it', async () => {
    const own = { words: 'text of caption', kind: 'i64[] of label' }
    const data = await parquet.open({ files: 'rows.parquet', columns: own }, fixtures)
    const { caption, label } = expected.parquet
    expect(await data.row(2)).toEqual({ words: caption[2], kind: BigInt64Array.of(BigInt(label[2] ?? 0)) })
    expect(await data.columns(['words'])).toEqual(caption.map((words) => ({ words })))
  })

  test('reads several files as one, and tells what is missing or damaged', async () => {
    const copy = (name: string): void => copyFileSync(join(fixtures, 'rows.parquet'), project.path(name))
    copy('a-0.parquet')
    copy('a-1.parquet')
    const open = (files: string, of: object = { caption: 'text' }) =>
      parquet.open({ files, columns: { ...of } }, project.root)
    const data = await open('a-{0..1}.parquet')
    expect(data.length).toBe(10)
    expect(await data.row(8)).toEqual({ caption: expected.parquet.caption[3] })
    await expect(open('b*.parquet')).rejects.toThrow(DataMissing)
    await expect(open('a-{0..2}.parquet')).rejects.toThrow(DataMissing)
    await expect(open('a-0.parquet', { text: 'text' })).rejects.toThrow('has no column `text`')
    writeFileSync(project.path('c.parquet'), readFileSync(project.path('a-0.parquet')).subarray(0, 3000))
    await expect(open('c.parquet')).rejects.toThrow(DataInvalid)
  })
})

describe('webdataset', () => {
  const read = async (settings: Settings, root = fixtures): Promise<StreamRow[]> => {
    const stream: RowStream = await webdataset.open(settings, root)
    const rows: StreamRow[] = []
    for (let shard = 0; shard < stream.shards; shard++)
      for await (const row of stream.read(shard, 0)) rows.push(row)
    return rows
  }

  test.each(['gnu', 'pax', 'ustar'] as const)('%s: the samples are those of webdataset', async (name) => {
    const rows = await read({ shards: `${name}.tar`, members: ['seg.png', 'json'] })
    expect(rows.map(({ row }) => row['key'])).toEqual(expected[name].map(({ key }) => key))
    const has = (value: ColumnValue | undefined): boolean =>
      !(typeof value === 'object' && 'kind' in value && value.kind === 'unreadable')
    rows.forEach(({ row }, k) => {
      const members = Object.keys(expected[name][k]?.members ?? {})
      const of = (...suffixes: string[]): boolean => suffixes.some((s) => members.includes(s))
      expect([has(row['image']), has(row['caption']), has(row['label']), has(row['seg_png'])]).toEqual([
        of('jpg', 'png'),
        of('txt'),
        of('cls'),
        of('seg.png'),
      ])
    })
    expect(rows[0]?.row).toMatchObject({ caption: 'first', json: '{}' })
    expect(rows[1]?.row['label']).toEqual(BigInt64Array.of(7n))
    expect(await first(rows[1]?.row['image'])).toEqual(expected.parquet.pixels[1])
    expect(await first(rows[4]?.row['image'])).toEqual(expected.parquet.pixels[2])
  })

  test('goes on from any row', async () => {
    const all = await read({ shards: 'pax.tar' })
    const stream: RowStream = await webdataset.open({ shards: 'pax.tar' }, fixtures)
    const from = async (place: number): Promise<object[]> => {
      const rows: object[] = []
      for await (const { row } of stream.read(0, place)) rows.push(row)
      return rows
    }
    const rows = all.map(({ row }) => row)
    for (const [k, { at, next }] of all.entries()) {
      expect(await from(at)).toEqual(rows.slice(k))
      expect(await from(next)).toEqual(rows.slice(k + 1))
    }
  })

  test('tells what is missing, packed or damaged', async () => {
    await expect(read({ shards: 'x/*.tar' }, project.root)).rejects.toThrow(DataMissing)
    project.write('a.tar.gz', 'x')
    await expect(read({ shards: 'a.tar.gz' }, project.root)).rejects.toThrow('is compressed')
    const whole = readFileSync(join(fixtures, 'gnu.tar'))
    project.write('cut.tar', whole.subarray(0, 2000))
    await expect(read({ shards: 'cut.tar' }, project.root)).rejects.toThrow(DataInvalid)
    project.write('text.tar', 'no archive'.repeat(100))
    await expect(read({ shards: 'text.tar' }, project.root)).rejects.toThrow('no header of a tar archive')
  })
})

test('braces are written out as a shell does', () => {
  expect(braces('a/{08..11}.{tar,x}')).toEqual(
    ['08', '09', '10', '11'].flatMap((n) => [`a/${n}.tar`, `a/${n}.x`]),
  )
  expect(braces('{0..1}{a,b}')).toEqual(['0a', '0b', '1a', '1b'])
  expect(braces('plain{x}')).toEqual(['plain{x}'])
})

describe('table', () => {
  const open = (file: string, of: object) => table.open({ file, columns: { ...of } }, project.root)

  test('reads commas, tabs and objects, with quotes as each has them', async () => {
    project.write('pictures/1.png', await png({ r: 1, g: 2, b: 3 }))
    project.write('a.csv', '\ufeffpath,label,caption\npictures/1.png,3,"a, ""b""\nc"\nnone.png,x,\n')
    project.write('b.tsv', 'path\tcaption\npictures/1.png\tsaid "so"\n')
    project.write('c.jsonl', '{"path": "pictures/1.png", "box": [1, 2.5], "label": 4}\n\n{"path": 5}\n')
    const a = await open('a.csv', { path: 'picture', label: 'i64[]', caption: 'text' })
    expect(a.length).toBe(2)
    const row = a.row(0)
    expect(await first(row['path'])).toEqual([1, 2, 3])
    expect(row).toMatchObject({ label: BigInt64Array.of(3n), caption: 'a, "b"\nc' })
    const reasons = (given: Row): unknown =>
      Object.entries(given).map(([name, value]) => [name, (value as { reason?: string }).reason])
    expect(reasons(a.row(1))).toEqual([
      ['path', undefined],
      ['label', '"x" is no i64[]'],
      ['caption', 'it is empty'],
    ])
    const b = await open('b.tsv', { caption: 'text' })
    expect(b.row(0)).toEqual({ caption: 'said "so"' })
    const c = await open('c.jsonl', { path: 'picture', box: 'f32[2]', label: 'f32[]' })
    expect(c.row(0)).toMatchObject({ box: Float32Array.of(1, 2.5), label: Float32Array.of(4) })
    expect(reasons(c.row(1))).toEqual([
      ['path', 'a picture is named by its path'],
      ['box', 'it is empty'],
      ['label', 'it is empty'],
    ])
  })

  test('tells what is missing or damaged', async () => {
    await expect(open('x.csv', {})).rejects.toThrow(DataMissing)
    project.write('x.csv', 'a,b\n1,2\n')
    await expect(open('x.csv', { c: 'text' })).rejects.toThrow('has no column `c`')
    project.write('y.csv', 'a,b\n1,2,3\n')
    expect((await open('y.csv', { a: 'text' })).row(0)).toMatchObject({ a: { kind: 'unreadable' } })
    project.write('z.jsonl', '[]\n')
    await expect(open('z.jsonl', { a: 'text' })).rejects.toThrow('line 1: it is no object')
  })
})

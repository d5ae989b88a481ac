import {
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeSafetensors } from '../../src/weights/safetensors.js'
import { WeightsError } from '../../src/weights/weights-error.js'
import { expectValues, loadAs, openSaved, saved } from './weight-fixtures.js'

/* Aim: an index and its files say the same, or the file and the tensor at fault are named. */

let folder: string
let index: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dcrc-'))
  cpSync(saved('clip-sharded'), folder, { recursive: true })
  index = join(folder, 'model.safetensors.index.json')
})
afterEach(() => rmSync(folder, { recursive: true }))

type Index = { weight_map: Record<string, string> }
function edit(change: (map: Record<string, string>) => void): void {
  const json = JSON.parse(readFileSync(index, 'utf8')) as Index
  change(json.weight_map)
  writeFileSync(index, JSON.stringify(json))
}

const first = 'model-00001-of-00004.safetensors'
const second = 'model-00002-of-00004.safetensors'
const part = (name: string): string => join(folder, name)
const scalar = (name: string) => ({ name, dtype: 'f32' as const, shape: [1], content: Float32Array.of(1) })

/** The file at fault and what is wrong with it. */
async function problem(): Promise<[string, string]> {
  const error: unknown = await openSaved(folder, folder).catch((e: unknown) => e)
  if (!(error instanceof WeightsError)) throw new Error(`not refused: ${String(error)}`)
  return [error.file, error.problem]
}

test('parts may be links, as in the Hugging Face cache', async () => {
  const outside = mkdtempSync(join(tmpdir(), 'dcrc-'))
  renameSync(part(first), join(outside, 'blob'))
  symlinkSync(join(outside, 'blob'), part(first))
  const { tensors } = await loadAs(folder, 'clip', folder)
  await expectValues(tensors, 'clip')
  rmSync(outside, { recursive: true })
})

test('a part that is not there', async () => {
  rmSync(part(second))
  expect(await problem()).toEqual([index, `its part ${second} is not there`])
})

test('a part that is cut', async () => {
  truncateSync(part(second), 6000)
  const [file, words] = await problem()
  expect([file, words]).toEqual([part(second), expect.stringMatching(/cut or corrupt|the header claims/)])
})

test('two files with one tensor', async () => {
  const json = JSON.parse(readFileSync(index, 'utf8')) as Index
  const [name = ''] = Object.entries(json.weight_map).find(([, file]) => file === first) ?? []
  await writeSafetensors(part(second), [scalar(name)])
  expect(await problem()).toEqual([
    part(second),
    `it holds "${name}", which the index ${index} places in ${first}: two files have one tensor`,
  ])
})

test('a tensor that the index does not name, and one that its file does not hold', async () => {
  await writeSafetensors(part('extra.safetensors'), [scalar('extra.a'), scalar('extra.b')])
  edit((map) => (map['extra.a'] = 'extra.safetensors'))
  expect(await problem()).toEqual([
    part('extra.safetensors'),
    `it holds "extra.b", which the index ${index} does not name`,
  ])
  edit((map) => (map['extra.b'] = map['extra.c'] = 'extra.safetensors'))
  expect(await problem()).toEqual([index, 'it places "extra.c" in extra.safetensors, which does not hold it'])
})

test.each(['../model.safetensors', '/etc/passwd', 'a/b.safetensors', '..', '', 'a\\b'])(
  'a part at %j, outside of the folder',
  async (place) => {
    edit((map) => (map['logit_scale'] = place))
    expect(await problem()).toEqual([
      index,
      `it places "logit_scale" in ${JSON.stringify(place)}, outside of its folder`,
    ])
  },
)

test.each([
  ['{"weight_map": {"a": "x", "a": "y"}}', 'it names "a" twice'],
  ['{"weight_map": {"a": 1}}', 'it has no "weight_map" from names to files'],
  ['{}', 'it has no "weight_map" from names to files'],
  ['{"weight_map"', 'it is not JSON'],
])('an index %s', async (text, words) => {
  writeFileSync(index, text)
  expect(await problem()).toEqual([index, words])
})

test('an index of 17 MB', async () => {
  writeFileSync(index, Buffer.alloc(17 * 2 ** 20, ' '))
  expect((await problem())[1]).toMatch('the limit of an index is')
})

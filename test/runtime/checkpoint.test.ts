import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import {
  type Checkpoint,
  damageOf,
  listCheckpoints,
  removeCheckpoint,
  saveCheckpoint,
} from '../../src/runtime/checkpoint.js'
import { RunFolder } from '../../src/runtime/run-folder.js'

/* Aim: what a failing disk leaves of a checkpoint is none, down to a single bit, and is written anew. */

const root = mkdtempSync(join(tmpdir(), 'dcrc-checkpoint-'))
afterAll(() => rmSync(root, { recursive: true }))

const state = {
  manifest: 'hash',
  seed: 0,
  stage: 'fit',
  step: 3,
  shares: {},
  cursors: {},
  streaks: { above: 0, skipped: 0 },
  previous: [],
  metrics: { lines: 0, crc32: 0 },
}
// The check value of CRC-32 in the catalogue of parametrised CRC algorithms is that of these digits.
const values = '123456789'
const sum = { bytes: 9, crc32: 0xcbf43926 }

async function saved(name: string): Promise<{ folder: RunFolder; directory: string }> {
  const folder = new RunFolder(join(root, name))
  const directory = await save(folder)
  return { folder, directory }
}

const save = (folder: RunFolder): Promise<string> =>
  saveCheckpoint(folder, state, (directory) => {
    writeFileSync(join(directory, 'state.safetensors'), values)
    return Promise.resolve()
  })

describe('a checkpoint', () => {
  it('is found as it was written', async () => {
    const { folder, directory } = await saved('whole')
    const found = { version: 3, ...state, files: { 'state.safetensors': sum }, directory }
    expect(listCheckpoints(folder)).toEqual({ whole: [found], damaged: [] })
    expect(await damageOf(found as Checkpoint)).toBeUndefined()
  })

  const damage: Readonly<Record<string, readonly [harm: (directory: string) => void, problem: string]>> = {
    'whose file is cut short': [
      (d) => truncateSync(join(d, 'state.safetensors'), 7),
      'state.safetensors has 7 bytes, it was written with 9',
    ],
    'whose file is longer than it was': [
      (d) => appendFileSync(join(d, 'state.safetensors'), 'x'),
      'state.safetensors has 10 bytes, it was written with 9',
    ],
    'whose file is gone': [(d) => rmSync(join(d, 'state.safetensors')), 'state.safetensors is gone'],
    'whose state is cut off': [
      (d) => truncateSync(join(d, 'state.json'), 20),
      'its state.json is not as it was written',
    ],
    'whose state has another digit': [
      (d) => {
        const text = readFileSync(join(d, 'state.json'), 'utf8')
        writeFileSync(join(d, 'state.json'), text.replace('"seed": 0', '"seed": 1'))
      },
      'its state.json is not as it was written',
    ],
    'without a state': [(d) => rmSync(join(d, 'state.json')), 'it has no state.json'],
    'under the name of another': [
      (d) => {
        cpSync(d, join(d, '../fit-4'), { recursive: true })
        rmSync(d, { recursive: true })
      },
      'its state.json is that of fit-3',
    ],
  }
  it.each(Object.entries(damage))('%s is none, and is written again', async (name, [harm, problem]) => {
    const { folder, directory } = await saved(name)
    harm(directory)
    const { whole, damaged } = listCheckpoints(folder)
    expect([whole, damaged.map((d) => d.problem)]).toEqual([[], [problem]])
    expect(await save(folder)).toBe(directory)
    expect(readFileSync(join(directory, 'state.safetensors'), 'utf8')).toBe(values)
    expect(listCheckpoints(folder).whole).toHaveLength(1)
  })

  it.each(Array.from({ length: 9 * 8 }, (_, bit) => bit))(
    'with bit %i turned over is damaged',
    async (bit) => {
      const { folder, directory } = await saved(`bit-${bit}`)
      const file = join(directory, 'state.safetensors')
      const bytes = readFileSync(file)
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      writeFileSync(file, bytes)
      const [found] = listCheckpoints(folder).whole
      expect(found && (await damageOf(found))?.problem).toBe('state.safetensors is not as it was written')
    },
  )

  it('that is on its way in or out is none', async () => {
    const { folder, directory } = await saved('hidden')
    for (const name of ['.fit-3.part', '.fit-3.gone', '.fit-4.part'])
      cpSync(directory, folder.path('checkpoints', name), { recursive: true })
    removeCheckpoint(directory)
    expect(listCheckpoints(folder)).toEqual({ whole: [], damaged: [] })
  })
})

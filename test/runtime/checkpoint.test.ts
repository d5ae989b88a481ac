import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { listCheckpoints, saveCheckpoint } from '../../src/runtime/checkpoint.js'
import { RunFolder } from '../../src/runtime/run-folder.js'

/* Aim: what a failing disk leaves of a checkpoint is none, and is written anew where the run comes there again. */

const root = mkdtempSync(join(tmpdir(), 'dcrc-checkpoint-'))
afterAll(() => rmSync(root, { recursive: true }))

const state = { manifest: 'hash', seed: 0, stage: 'fit', step: 3, shares: {}, cursors: {}, previous: [] }
const values = 'eight by'

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
    expect(listCheckpoints(folder)).toEqual([
      { version: 2, ...state, files: { 'state.safetensors': 8 }, directory },
    ])
  })

  const damage: Readonly<Record<string, (directory: string) => void>> = {
    'whose file is cut short': (d) => truncateSync(join(d, 'state.safetensors'), 7),
    'whose file is longer than it was': (d) => appendFileSync(join(d, 'state.safetensors'), 'x'),
    'whose file is gone': (d) => rmSync(join(d, 'state.safetensors')),
    'that does not say what it holds': (d) => truncateSync(join(d, 'state.json'), 20),
  }
  it.each(Object.entries(damage))('%s is none, and is written again', async (name, harm) => {
    const { folder, directory } = await saved(name)
    harm(directory)
    expect(listCheckpoints(folder)).toEqual([])
    expect(await save(folder)).toBe(directory)
    expect(readFileSync(join(directory, 'state.safetensors'), 'utf8')).toBe(values)
    expect(listCheckpoints(folder)).toHaveLength(1)
  })
})

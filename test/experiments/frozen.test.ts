import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { UserError } from '../../src/diagnostics/diagnostic.js'
import { checkReads, freeze } from '../../src/experiments/frozen.js'

/* Aim: an experiment goes on only where what is left of it would be trained as it would have been when it began. */

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'dcrc-frozen-'))))
afterEach(() => rmSync(folder, { recursive: true }))

test('what reads something else, or is trained by another version, is refused with what differs', () => {
  const frozen = freeze(folder, {
    name: 'a',
    variants: [{ label: 'v', row: 'v', pipeline: 'p', settings: {}, hash: 'h', difference: [] }],
    seeds: [0],
    steps: null,
    primary: [],
    select: null,
    entry: null,
    command: 'npx dcrc run a.dcr',
    sources: {},
    stages: { v: { first: 'one', second: 'two' }, w: { first: 'one' } },
    hint: null,
  })
  const told = (was: typeof frozen, now: typeof frozen.stages, left = ['v']): string => {
    try {
      checkReads(
        was,
        left.map((name) => ({ folder: name })),
        now,
        folder,
        { file: 'a.dcr', start: 0, end: 0 },
      )
      return 'goes on'
    } catch (error) {
      if (error instanceof UserError) return error.diagnostic.message
      throw error
    }
  }
  expect(told(frozen, frozen.stages)).toBe('goes on')
  const other = { v: { first: 'one', second: '2' }, w: { first: '1' } }
  expect(told(frozen, other)).toContain(
    'what stage `second` of v reads (weights or data) was two and is now 2',
  )
  // what has ended is not trained again, and what is not there is told by the run
  expect(told(frozen, other, [])).toBe('goes on')
  expect(told(frozen, null)).toBe('goes on')
  const older = { ...frozen, versions: { ...frozen.versions, onnxruntime: '1.0.0' } }
  expect(told(older, other)).toContain(`onnxruntime was 1.0.0 and is now ${frozen.versions.onnxruntime}`)
  expect(told(older, older.stages)).toBe('goes on')
})

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runLocally } from '../../src/experiments/engines/local.js'
import { cellsOf } from '../../src/experiments/experiment.js'
import { claim, settle, stateOf, type Outcome } from '../../src/experiments/outcome.js'
import { systemFault } from '../../src/faults/system-fault.js'
import type { RunResult } from '../../src/runtime/options.js'
import type { Lease } from '../../src/runtime/lease.js'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dcrc-local-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

const variant = { label: 'base', row: 'base', pipeline: 'base', settings: {}, hash: '', difference: [] }
const cells = cellsOf({ variants: [variant], seeds: [0, 1, 2] })
const done: Outcome = { status: 'done', errors: [] }

const ended: RunResult = { status: 'done', directory: '', evaluations: {}, exported: {} }

/** The seeds that are run, where something happens at the start of each. */
async function seedsRun(
  happens: (seed: number) => void,
  end: (seed: number) => RunResult = () => ended,
): Promise<readonly number[]> {
  const ran: number[] = []
  await runLocally(directory, cells, {
    lanes: 1,
    controller: new AbortController(),
    run: (cell) => {
      ran.push(cell.seed)
      happens(cell.seed)
      return Promise.resolve(end(cell.seed))
    },
    settled: () => undefined,
  })
  return ran
}

test('a run that another process ends in the meantime is not begun', async () => {
  const [, second] = cells
  expect(await seedsRun((seed) => seed === 0 && second && settle(directory, second, done))).toEqual([0, 2])
  expect(cells.map((cell) => stateOf(directory, cell).kind)).toEqual(['done', 'done', 'done'])
  expect(await seedsRun(() => undefined)).toEqual([])
})

test('a run that another process goes on with is left to it', async () => {
  const [, , third] = cells
  const leases: (Lease | undefined)[] = []
  expect(await seedsRun((seed) => seed === 0 && third && leases.push(claim(directory, third)))).toEqual([
    0, 1,
  ])
  expect(leases).toHaveLength(1)
  for (const lease of leases) lease?.release()
})

test('a run that the disk has stopped is gone on with, and one that has failed is not', async () => {
  const full = systemFault(new Error("ENOSPC: no space left on device, write '/data/a.part'"))
  const wrong = { ...full, code: 'run/not-finite' }
  if (!full) throw new Error('a full disk is a fault of the system')
  const failed = (diagnostic: typeof full): RunResult =>
    ({ status: 'failed', diagnostics: [diagnostic] }) as never
  await seedsRun(
    () => undefined,
    (seed) => [ended, failed(full), failed(wrong as typeof full)][seed] ?? ended,
  )
  const states = cells.map((cell) => stateOf(directory, cell))
  expect(states.map(({ kind }) => kind)).toEqual(['done', 'interrupted', 'failed'])
  expect(states[1]).toMatchObject({ errors: [{ code: 'file/refused' }] })
  expect(await seedsRun(() => undefined)).toEqual([1])
})

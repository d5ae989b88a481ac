import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { RunEvent } from '../../src/runtime/events.js'
import { executorNames } from '../../src/runtime/executors/names.js'
import { type RunOptions, runPipeline } from '../../src/runtime/run.js'
import { StateCopies } from '../../src/runtime/state-copies.js'
import { points, regression } from './regression.js'

/*
 * Aim: while a checkpoint is written training goes on, and the checkpoint holds the step at which it was begun; the next
 * one waits for it; and what goes wrong in it, or while it is on its way, is told as if training had waited.
 */

const artefact = regression({ steps: 12, saveEvery: 4 })
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dcrc-copies-'))
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true })
})

const path = (...names: readonly string[]): string => join(folder, ...names)
const content = (...names: readonly string[]): string => readFileSync(path(...names), 'base64')
const weights = (name: string): string => content(name, 'export/line/model.safetensors')
const checkpoints = (name: string): readonly string[] => readdirSync(path(name, 'checkpoints')).sort()

let told: string[]
async function run(name: string, { onEvent, ...more }: RunOptions = {}) {
  told = []
  return runPipeline(artefact, {
    root: folder,
    runDir: path(name),
    openDataset: async () => points(10),
    ...more,
    onEvent(event: RunEvent) {
      if (event.kind === 'step') told.push(`${event.line.step}`)
      if (event.kind === 'checkpoint') told.push(`saved ${event.step}`)
      onEvent?.(event)
    },
  })
}

/** The checkpoint of step 4 is not written before the step has been taken; then the work is done, if any. */
function delayed(until: number, work?: () => void): (event: RunEvent) => void {
  const steps = new Map<number, () => void>()
  const taken = new Promise<void>((resolve) => steps.set(until, resolve))
  const real = Reflect.get(StateCopies.prototype, 'take')
  vi.spyOn(StateCopies.prototype, 'take').mockImplementation(async function (this: StateCopies, ...args) {
    const write = await real.apply(this, args)
    return async (file, tensors) => {
      await taken
      work?.()
      await write?.(file, tensors)
    }
  })
  return (event) => {
    if (event.kind === 'step') steps.get(event.line.step)?.()
  }
}

describe.each(executorNames)('on %s', (executor) => {
  test('training goes on, and what is written is the state as it was', async () => {
    expect((await run('short', { executor, steps: 4 })).status).toBe('done')
    expect((await run('long', { executor, onEvent: delayed(7) })).status).toBe('done')
    expect(told.indexOf('saved 4')).toBeGreaterThan(told.indexOf('7'))
    expect(told.indexOf('saved 4')).toBeLessThan(told.indexOf('saved 8'))
    for (const file of ['line.safetensors', 'optimizer.safetensors'])
      expect(content('long/checkpoints/first-4', file)).toBe(content('short/checkpoints/first-4', file))
    vi.restoreAllMocks()
    const whole = weights('long')
    rmSync(path('long/export'), { recursive: true })
    for (const name of ['first-8', 'first-12']) rmSync(path('long/checkpoints', name), { recursive: true })
    expect((await run('long', { executor, resume: true })).status).toBe('done')
    expect(weights('long')).toBe(whole)
  })
})

test('a disk that fails meanwhile ends the run, which goes on from the checkpoint before', async () => {
  await run('whole')
  const full = (): void => {
    throw new Error(`ENOSPC: no space left on device, write '${path('x')}'`)
  }
  const failed = await run('failed', { onEvent: delayed(6, full) })
  expect(failed).toMatchObject({ status: 'failed', diagnostics: [{ code: 'file/refused' }] })
  expect(told.filter((line) => line.startsWith('saved'))).toEqual([])
  vi.restoreAllMocks()
  expect((await run('failed', { resume: true })).status).toBe('done')
  expect(weights('failed')).toBe(weights('whole'))
  expect(checkpoints('failed')).toEqual(checkpoints('whole'))
})

test('what is to stop meanwhile waits for it, and writes its own', async () => {
  await run('whole')
  const stop = new AbortController()
  const tell = delayed(6)
  const onEvent = (event: RunEvent): void => {
    tell(event)
    if (event.kind === 'step' && event.line.step === 5) stop.abort()
  }
  const stopped = await run('stopped', { onEvent, signal: stop.signal })
  expect(stopped).toMatchObject({ status: 'stopped', at: { stage: 'first' } })
  const [first, last, ...more] = told.filter((line) => line.startsWith('saved'))
  expect([first, more]).toEqual(['saved 4', []])
  expect(checkpoints('stopped')).toEqual(['first-4', `first-${last?.slice('saved '.length)}`])
  vi.restoreAllMocks()
  expect((await run('stopped', { resume: true })).status).toBe('done')
  expect(weights('stopped')).toBe(weights('whole'))
})

test('without memory for a copy training waits', async () => {
  const copies = vi.spyOn(StateCopies.prototype, 'take')
  expect((await run('tight', { freeMemory: 100 })).status).toBe('done')
  expect(await Promise.all(copies.mock.results.map(({ value }) => value))).toEqual([undefined, undefined])
  expect(told.indexOf('saved 4')).toBeLessThan(told.indexOf('5'))
})

import { totalmem } from 'node:os'
import { expect, test } from 'vitest'
import type { StageSpec } from '../../src/artefact/stages.js'
import { freeMemory } from '../../src/runtime/free-memory.js'
import { checkMemory } from '../../src/runtime/memory-check.js'
import { runPipeline } from '../../src/runtime/run.js'
import { points, regression } from './regression.js'

/* Aim: what does not fit is told before the first step, with a batch that would. */

const spanOf = () => ({ file: 'a.dcr', start: 0, end: 0 })

/** A stage whose step takes 1 MB a row for 100 rows, and 10 MB of state, which is there twice. */
function stage(): StageSpec {
  const [first] = regression().manifest.stages
  const [update] = first?.updates ?? []
  if (!first || !update) throw new Error('no stage')
  const state = { kind: 'parameter', model: 'line', path: 'w' } as const
  const step = {
    ...update.graphs.step,
    peak_bytes: 120e6,
    parameters: [],
    inputs: [
      { name: 'x', dtype: 'f32', shape: [100, 3], role: { kind: 'batch', data: 'd', field: 'x' } },
      { name: 'w', dtype: 'f32', shape: [2_500_000], role: { kind: 'state', state } },
    ],
  } as const
  const graphs = { step, monitored: null, micro: null, prologue: null }
  return { ...first, updates: [{ ...update, graphs }] }
}

test('what fits is not spoken of, a little too much is a warning, far too much an error', () => {
  expect(checkMemory([stage()], 120e6, spanOf)).toBeUndefined()
  expect(checkMemory([stage()], 81e6, spanOf)).toMatchObject({
    code: 'run/memory',
    severity: 'warning',
    message: 'stage `first` is predicted to take 120 MB of memory, 81.0 MB are free',
    help: expect.stringMatching(
      /^a batch of 61 rows would fit, it has 100; `memory 81 MB` in the stage computes in chunks/,
    ),
  })
  expect(checkMemory([stage()], 79e6, spanOf)).toMatchObject({
    code: 'run/too-little-memory',
    severity: 'error',
    help: expect.stringMatching(/^a batch of 59 rows would fit/),
  })
  expect(checkMemory([stage()], 15e6, spanOf)).toMatchObject({
    help: expect.stringMatching(/^weights and state alone leave no room/),
  })
})

test('a run that cannot fit writes nothing', async () => {
  const { manifest, files } = regression()
  const stages = manifest.stages.map((s) => ({ ...s, updates: stage().updates }))
  const artefact = { manifest: { ...manifest, stages }, files }
  const options = { root: '/nowhere', openDataset: async () => points(8), freeMemory: 1e6 }
  const result = await runPipeline(artefact, options)
  expect(result).toMatchObject({ status: 'failed', diagnostics: [{ code: 'run/too-little-memory' }] })
})

test('the free memory is some of the memory of this machine', () => {
  expect(freeMemory()).toBeGreaterThan(0)
  expect(freeMemory()).toBeLessThanOrEqual(totalmem())
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Artefact } from '../../src/artefact/manifest.js'
import { type RunOptions, runPipeline } from '../../src/runtime/run.js'
import { Project } from './project.js'
import { contentOf, evaluationsOf, metricsOf } from './runs.js'
import { smallGenerator, smallQuickstart } from './small.js'

/*
 * Aim: a run is a function of its pipeline and its seed. The same seed gives the same bits, and where a run was
 * interrupted cannot be seen in what it leaves.
 */

let project: Project
beforeAll(async () => {
  project = await Project.create()
})
afterAll(() => project.remove())

const steps = 4

/** All that a run leaves behind, except times. */
function left(run: string, stages: readonly string[]): object {
  return {
    metrics: metricsOf(run),
    evaluations: evaluationsOf(run),
    export: contentOf(run, 'export'),
    ends: stages.map((stage) => contentOf(run, `checkpoints/${stage}-${steps}`)),
  }
}

/** Runs into `runs/<name>` of the project. */
async function run(artefact: Artefact, name: string, options: RunOptions = {}): Promise<string> {
  const runDir = project.path('runs', name)
  const result = await runPipeline(artefact, {
    root: project.root,
    runDir,
    steps,
    seed: 5,
    threads: 1,
    ...options,
  })
  if (result.status === 'failed') throw new Error(result.diagnostics.map((d) => d.message).join('\n'))
  return runDir
}

/** Runs until a step is done, then stops as Ctrl-C does. */
async function interrupted(artefact: Artefact, name: string, stage: string, step: number): Promise<void> {
  const stop = new AbortController()
  await run(artefact, name, {
    signal: stop.signal,
    onEvent: (e) => {
      if (e.kind === 'step' && e.line.stage === stage && e.line.step === step) stop.abort()
    },
  })
  expect(stop.signal.aborted).toBe(true)
}

describe('the quickstart', () => {
  const stages = ['align', 'enhance']
  let artefact: Artefact
  let straight: object
  beforeAll(async () => {
    artefact = project.compileText(smallQuickstart(['gate', 'categories', 'detail']))
    straight = left(await run(artefact, 'straight'), stages)
  })

  test('the same seed gives the same bits, another one others', async () => {
    expect(left(await run(artefact, 'again'), stages)).toEqual(straight)
    const other = metricsOf(await run(artefact, 'other', { seed: 6, steps: 1 }))
    const [mine] = metricsOf(project.path('runs/straight'))
    expect(other[0]?.loss).not.toBe(mine?.loss)
  })

  test('half the steps, then all of them with --resume, are as one run', async () => {
    await run(artefact, 'halves', { steps: steps / 2 })
    expect(left(await run(artefact, 'halves', { resume: true }), stages)).toEqual(straight)
  })

  test('a run stopped within its second stage goes on as if it had not been', async () => {
    await interrupted(artefact, 'stopped', 'enhance', 2)
    expect(left(await run(artefact, 'stopped', { resume: true }), stages)).toEqual(straight)
  })
})

test('the training of the generator, with averages and kept values, resumes bit for bit', async () => {
  const artefact = project.compileText(smallGenerator)
  const stages = ['generate']
  const bare = (folder: string): object => ({
    metrics: metricsOf(folder),
    export: contentOf(folder, 'export'),
    ends: stages.map((stage) => contentOf(folder, `checkpoints/${stage}-${steps}`)),
  })
  const straight = bare(await run(artefact, 'generator'))
  await run(artefact, 'generator-halves', { steps: steps / 2 })
  expect(bare(await run(artefact, 'generator-halves', { resume: true }))).toEqual(straight)
})

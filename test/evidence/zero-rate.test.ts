import { afterAll, beforeAll, expect, test } from 'vitest'
import { runPipeline } from '../../src/runtime/run.js'
import { Project } from './project.js'
import { evaluationsOf, metricsOf, tensorsOf } from './runs.js'
import { smallQuickstart } from './small.js'

/*
 * Aim: a run that learns nothing changes nothing. At learning rate 0 the table's rows must be exactly the Original's:
 * no evaluation depends on anything but the weights, and nothing but the optimizer touches them.
 */

let project: Project
beforeAll(async () => {
  project = await Project.create()
})
afterAll(() => project.remove())

test('--set lr=0 leaves every tensor and every evaluation as it was', async () => {
  const artefact = project.compileText(smallQuickstart(), { lr: '0', align_lr: '0' })
  const run = project.path('runs', 'still')
  const result = await runPipeline(artefact, { root: project.root, runDir: run, steps: 2, threads: 1 })
  expect(result.status).toBe('done')

  const lines = metricsOf(run)
  expect(lines.map(({ stage, step }) => `${stage} ${step}`)).toEqual([
    'align 1',
    'align 2',
    'enhance 1',
    'enhance 2',
  ])
  for (const { grad_norm } of lines) expect(grad_norm).toBeGreaterThan(0)

  const clip = await tensorsOf(project.path('pipelines/quickstart/base/clip.safetensors'))
  expect(await tensorsOf(`${run}/checkpoints/enhance-2/clip.safetensors`)).toEqual(clip)
  expect(await tensorsOf(`${run}/export/clip/model.safetensors`)).toEqual(clip)
  const projector = await tensorsOf(`${run}/initial/proj.safetensors`)
  expect(await tensorsOf(`${run}/checkpoints/align-2/proj.safetensors`)).toEqual(projector)

  const { start, ...moments } = evaluationsOf(run)
  // References are measured once, at the start.
  const atStart = (name: string): unknown => {
    const { beside: _beside, ...own } = ((start ?? {})[name] ?? {}) as Record<string, unknown>
    return own
  }
  expect(Object.keys(moments['enhance'] ?? {})).toEqual(
    expect.arrayContaining(['mnist', 'categories', 'detail']),
  )
  for (const evaluations of Object.values(moments))
    for (const [name, metrics] of Object.entries(evaluations)) expect(metrics).toEqual(atStart(name))
})

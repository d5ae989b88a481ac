import { createHash } from 'node:crypto'
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runPipeline } from '../../src/runtime/run.js'
import { baseFolder, firstSteps, readBaseRecord } from '../tools/base-record.js'
import { Project, quickstart } from './project.js'
import { metricsOf } from './runs.js'

/*
 * Aim: the base models that the quickstart starts from are what base.dcr trains. Their whole training is too long for
 * a test; each stage's first steps, at full size, must give the recorded losses.
 */

/** Other processors, and later versions of the compiler, add in another order; 20 steps let that grow. */
const tolerance = 1e-4

const { seed, stages, files } = readBaseRecord()

describe('the base models', () => {
  let project: Project
  beforeAll(async () => {
    project = await Project.create()
    for (const file of Object.keys(files))
      copyFileSync(join(baseFolder, file), project.path(quickstart, 'base', file))
  })
  afterAll(() => project.remove())

  const expectLosses = async (run: string, name: string): Promise<void> => {
    const losses = metricsOf(run).map(({ loss }) => loss)
    const expected = stages.find((s) => s.name === name)?.firstLosses ?? []
    expect(expected).toHaveLength(firstSteps)
    expect(losses).toHaveLength(firstSteps)
    const far = expected.map((loss, i) => Math.abs((losses[i] ?? NaN) - loss) / loss)
    expect(Math.max(...far)).toBeLessThan(tolerance)
  }
  const first = async (name: string, text: string): Promise<string> => {
    const runDir = project.path('runs', name)
    const options = { root: project.root, runDir, seed, steps: firstSteps, stage: name }
    const result = await runPipeline(project.compileText(text), options)
    expect(result.status).toBe('done')
    return runDir
  }

  test('are the files that their record names', () => {
    for (const [file, { sha256 }] of Object.entries(files))
      expect(
        createHash('sha256')
          .update(readFileSync(join(baseFolder, file)))
          .digest('hex'),
      ).toBe(sha256)
  })

  test('the first steps of the CLIP give the losses of their training', async () => {
    const run = await first('pretrain', 'use "./base.dcr" { base }\npipeline again extends base {}')
    await expectLosses(run, 'pretrain')
  })

  test('the first steps of the generator, from the trained CLIP, give theirs', async () => {
    const run = await first(
      'generate',
      `
use std.clip { ClipModel }
use "./base.dcr" { base }
use "./models.dcr" { tiny_clip }
pipeline again extends base {
  override model clip = ClipModel(tiny_clip) from "pipelines/quickstart/base/clip.safetensors"
  remove stage pretrain
}`,
    )
    await expectLosses(run, 'generate')
  })
})

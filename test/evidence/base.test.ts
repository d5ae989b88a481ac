import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runPipeline } from '../../src/runtime/run.js'
import {
  type BasePipeline,
  baseFolder,
  basePipelines,
  firstSteps,
  readBaseRecord,
} from '../tools/base-record.js'
import { Project, quickstart, repository } from './project.js'
import { metricsOf } from './runs.js'

/*
 * Aim: the base that the quickstart starts from is what text.dcr, generator.dcr and clip.dcr train. Their whole
 * training is too long for a test; the first steps, at full size, must give the recorded losses.
 */

/** Other processors, and later versions of the compiler, add in another order; 20 steps let that grow. */
const tolerance = 1e-4

/** Drawn by `npm run base:art -- FOLDER` from fonts that are no dependency: the CLIP is repeated where it is named. */
const art = process.env['DCRC_ART']

describe('the base models', () => {
  let project: Project
  beforeAll(async () => {
    project = await Project.create()
    for (const name of basePipelines) {
      const { file } = readBaseRecord(name)
      copyFileSync(join(baseFolder, file), project.path(quickstart, 'base', file))
    }
  })
  afterAll(() => project.remove())

  const expectFirstLosses = async (name: BasePipeline, settings: Record<string, string> = {}) => {
    const { seed, firstLosses } = readBaseRecord(name)
    const runDir = project.path('runs', name)
    const artefact = project.compile(`${quickstart}/${name}.dcr`, settings)
    const unmeasured = { ...artefact, manifest: { ...artefact.manifest, evaluations: [] } }
    const result = await runPipeline(unmeasured, { root: project.root, runDir, seed, steps: firstSteps })
    expect(result.status).toBe('done')
    const losses = metricsOf(runDir).map(({ loss }) => loss)
    expect(firstLosses).toHaveLength(firstSteps)
    expect(losses).toHaveLength(firstSteps)
    const far = firstLosses.map((loss, i) => Math.abs((losses[i] ?? NaN) - loss) / loss)
    expect(Math.max(...far)).toBeLessThan(tolerance)
  }

  test.each(basePipelines)('of %s are the file that its record names', (name) => {
    const { file, sha256 } = readBaseRecord(name)
    const bytes = readFileSync(join(baseFolder, file))
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256)
  })

  test('the first steps of the text encoder give the losses of its training', () => expectFirstLosses('text'))

  test('the first steps of the generator, from the text encoder, give theirs', () =>
    expectFirstLosses('generator'))

  test.skipIf(art === undefined || !existsSync(join(repository, art ?? '')))(
    'the first steps of the CLIP give theirs',
    () => expectFirstLosses('clip', { art: art ?? '' }),
  )
})

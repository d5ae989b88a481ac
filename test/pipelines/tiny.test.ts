import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { compile } from '../../src/compiler/index.js'
import { runPipeline } from '../../src/runtime/run.js'

/*
 * Aim: the full-size pipelines run from start to end, without weights and data, on networks of a few thousand
 * parameters: two steps of every stage, evaluations, exports. The declarations are theirs; only sizes change.
 */
const root = fileURLToPath(new URL('../../pipelines', import.meta.url))

interface Tiny {
  /** In the order in which they run. */
  readonly stages: readonly string[]
  readonly exports: readonly string[]
  /** What is made up, since nothing is there. */
  readonly weights: readonly string[]
  readonly data: readonly string[]
}

const dcr: Tiny = {
  stages: ['align', 'enhance'],
  exports: ['clip', 'enc', 'features'],
  weights: ['clip', 'vae', 'unet', 'text'],
  data: ['cc3m', 'mnist', 'cifar10', 'eurosat', 'caltech101', 'dtd', 'imagenet', 'mmvp'],
}
const genhancer: Tiny = {
  stages: ['generate', 'enhance'],
  exports: ['clip'],
  weights: ['clip', 'vae'],
  data: ['cc3m'],
}

const quick: Readonly<Record<string, Tiny>> = {
  dcr_official: dcr,
  naive: dcr,
  // No generator: it asks for none of its weights.
  contrastive: { ...dcr, stages: ['enhance'], weights: ['clip'] },
  diva: { ...dcr, stages: ['tune'], exports: ['clip'], data: ['cc3m'] },
  genhancer,
  un2clip: {
    ...dcr,
    stages: ['enhance'],
    exports: ['clip', 'features'],
    weights: ['clip', 'vae', 'unet', 'text', 'normalizer'],
  },
  openai_l_336: dcr,
  metaclip_l: dcr,
  siglip_so_224: dcr,
  dinov2_l: { ...dcr, data: dcr.data.filter((name) => name !== 'mmvp') },
}
const others: Readonly<Record<string, Tiny>> = {
  dcr,
  reconstruction: dcr,
  metaclip_h: dcr,
  siglip_so_384: dcr,
  genhancer_discrete: { ...genhancer, weights: ['clip', 'vq'] },
}

/** `npm run pipelines` runs them all. */
const all = process.env['DCRC_PIPELINES'] === 'all'
const pipelines = all ? { ...quick, ...others } : quick

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'dcrc-'))))
afterEach(() => rmSync(folder, { recursive: true }))

test('every pipeline of tiny.dcr is listed here', () => {
  const text = readFileSync(join(root, 'tiny.dcr'), 'utf8')
  const declared = [...text.matchAll(/^pipeline tiny_(\w+) extends (\w+) /gm)]
  expect(declared.map(([, name = '']) => name).sort()).toEqual(Object.keys({ ...quick, ...others }).sort())
  expect(declared.filter(([, name, extended]) => name !== extended)).toEqual([])
})

describe('with --weights random --steps 2', () => {
  for (const [name, expected] of Object.entries(pipelines))
    test(`tiny_${name} runs all stages, measures and exports`, { timeout: 400_000 }, async () => {
      const { artefact, diagnostics } = compile({
        entry: 'tiny.dcr',
        pipeline: `tiny_${name}`,
        files: { read: (path) => readFileSync(join(root, path), 'utf8') },
      })
      expect(diagnostics.map((d) => `${d.code}: ${d.message}`)).toEqual([])
      if (!artefact) throw new Error('not compiled')
      const result = await runPipeline(artefact, {
        root: folder,
        runDir: join(folder, 'run'),
        threads: 1,
        steps: 2,
        weights: 'random',
      })
      expect(result.status === 'failed' ? result.diagnostics.map((d) => d.message) : []).toEqual([])
      expect(result.status).toBe('done')
      const lines = readFileSync(join(folder, 'run/metrics.jsonl'), 'utf8').trimEnd().split('\n')
      const steps = lines.map((line) => JSON.parse(line) as { stage: string; loss: number })
      expect(steps.map(({ stage }) => stage)).toEqual(expected.stages.flatMap((stage) => [stage, stage]))
      expect(steps.every(({ loss }) => Number.isFinite(loss) && loss > 0)).toBe(true)
      expect(readdirSync(join(folder, 'run/export')).sort()).toEqual(expected.exports)
      const { random } = JSON.parse(readFileSync(join(folder, 'run/run.json'), 'utf8')) as { random: unknown }
      expect(random).toEqual({ weights: expected.weights, data: expected.data })
    })
})

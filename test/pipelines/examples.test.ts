import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DiskFiles } from '../../src/cli/files.js'
import { compile } from '../../src/compiler/index.js'
import { runPipeline } from '../../src/runtime/run.js'

/*
 * Aim: every example runs from start to end as it is written, with real data, a few steps of every stage and a small
 * batch; and each is a page that one reads.
 */
const root = fileURLToPath(new URL('../..', import.meta.url))

/** Exports, and the metrics of evaluations after the last stage. */
const examples: Readonly<
  Record<string, { readonly exports: readonly string[]; readonly metrics: Readonly<Record<string, string>> }>
> = {
  captions: { exports: ['clip'], metrics: { shapes: 'accuracy' } },
  classifier: { exports: ['net'], metrics: { unseen: 'accuracy' } },
  digits: { exports: ['reader'], metrics: {} },
  dino: { exports: ['student', 'teacher'], metrics: { categories: 'nmi' } },
  encoder: { exports: ['encode'], metrics: {} },
  enhance: { exports: ['clip'], metrics: { grid: 'original' } },
  fine_tune: { exports: ['classify'], metrics: { test_digits: 'accuracy' } },
  lora: { exports: ['head', 'low', 'vit'], metrics: { unseen: 'accuracy' } },
  moco: { exports: ['net', 'teacher'], metrics: { categories: 'nmi' } },
  pictures: { exports: ['net'], metrics: { valid: 'accuracy' } },
  probe: { exports: ['head'], metrics: { unseen: 'accuracy' } },
  simclr: { exports: ['net'], metrics: { categories: 'nmi' } },
  wgan_gp: { exports: ['generator'], metrics: { samples: 'original' } },
}

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'dcrc-'))))
afterEach(() => rmSync(folder, { recursive: true }))

test('all of them are listed here, and none is longer than a page', () => {
  const files = readdirSync(join(root, 'pipelines/examples')).filter((file) => file.endsWith('.dcr'))
  expect(files.sort()).toEqual(Object.keys(examples).map((name) => `${name}.dcr`))
  for (const file of files) {
    const lines = readFileSync(join(root, 'pipelines/examples', file), 'utf8').split('\n')
    expect(lines.length, file).toBeLessThan(120)
    expect(
      lines.some((line) => line.startsWith('/// ')),
      file,
    ).toBe(true)
  }
})

describe('runs for two steps of each stage:', () => {
  for (const [name, expected] of Object.entries(examples))
    test(name, { timeout: 300_000 }, async () => {
      const entry = `pipelines/examples/${name}.dcr`
      const declared = readFileSync(join(root, entry), 'utf8')
      const settings = new Map(/^ {2}param batch: int/m.test(declared) ? [['batch', '8']] : [])
      const { artefact, diagnostics } = compile({ entry, files: new DiskFiles(root), settings })
      expect(diagnostics.map((d) => `${d.code}: ${d.message}`)).toEqual([])
      if (!artefact) throw new Error('not compiled')
      const runDir = join(folder, 'run')
      const result = await runPipeline(artefact, { root, runDir, steps: 2 })
      expect(result.status === 'failed' ? result.diagnostics.map((d) => d.message) : []).toEqual([])
      if (result.status !== 'done') throw new Error(`it is ${result.status}`)
      const lines = readFileSync(join(runDir, 'metrics.jsonl'), 'utf8').trimEnd().split('\n')
      const stages = artefact.manifest.stages.map((stage) => stage.name)
      const steps = lines.map((line) => JSON.parse(line) as { stage: string; step: number })
      expect(steps.map(({ stage, step }) => `${stage} ${step}`)).toEqual(
        stages.flatMap((stage) => [`${stage} 1`, `${stage} 2`]),
      )
      expect(readdirSync(join(runDir, 'export')).sort()).toEqual(expected.exports)
      const last = result.evaluations[stages.at(-1) ?? ''] ?? {}
      for (const [evaluation, metric] of Object.entries(expected.metrics))
        expect(last[evaluation]?.[metric], evaluation).toBeDefined()
    })
})

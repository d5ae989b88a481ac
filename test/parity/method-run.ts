import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DiskFiles } from '../../src/cli/files.js'
import { compile } from '../../src/compiler/index.js'
import { peftFiles } from '../../src/runtime/exports/peft-names.js'
import type { StepLine } from '../../src/runtime/metrics-line.js'
import { runPipeline } from '../../src/runtime/run.js'
import { openSafetensors, readTensor } from '../../src/weights/safetensors.js'
import { Fixture, expectTensors, relativeError } from './harness.js'

const repository = fileURLToPath(new URL('../..', import.meta.url))

/** What an oracle says of a stage beside gradients and weights. */
interface StageFacts {
  readonly losses: readonly number[]
  readonly grad_norms: readonly number[]
  /** The change of what changed least, as a share of its size. */
  readonly least_moved: number
  /** What it monitored at every step. */
  readonly monitors?: Readonly<Record<string, readonly number[]>>
}

/** Where an optimizer keeps the gradient of its first step, and what it multiplies it by. */
const firstMoment = {
  adamw: { slot: 'm', factor: 1 - 0.9 },
  sgd: { slot: 'momentum', factor: 1 },
} as const

/**
 * Runs test/parity/methods/`name`.dcr as a user runs it, and compares each of its stages with the oracle of that name,
 * which trained on the same draws. The pipeline has `save_every 1`.
 */
export function followsOracle(
  name: string,
  stages: Readonly<Record<string, keyof typeof firstMoment>>,
): void {
  describe(`methods/${name}.dcr follows its oracle`, () => {
    const runDir = mkdtempSync(join(tmpdir(), 'dcrc-method-'))
    let fixture: Fixture
    beforeAll(async () => {
      fixture = await Fixture.open(name)
      const { artefact, diagnostics } = compile({
        entry: `test/parity/methods/${name}.dcr`,
        files: new DiskFiles(repository),
      })
      expect(diagnostics.map((d) => `${d.code}: ${d.message}`)).toEqual([])
      if (!artefact) throw new Error('no errors and no artefact')
      const seed = Number(fixture.facts['seed'])
      const result = await runPipeline(artefact, { root: repository, runDir, seed, threads: 1 })
      expect(result.status === 'failed' ? result.diagnostics.map((d) => d.message) : []).toEqual([])
    })
    afterAll(() => rmSync(runDir, { recursive: true, force: true }))

    for (const [stage, optimizer] of Object.entries(stages)) {
      const facts = (): StageFacts => fixture.facts[stage] as StageFacts
      const checkpoint = (step: number): string => join(runDir, `checkpoints/${stage}-${step}`)

      test(`${stage}: the first loss and its gradients within 1e-4`, async () => {
        const { losses, grad_norms: norms } = facts()
        const [first] = linesOf(runDir, stage)
        expect(relativeError([first?.loss ?? NaN], losses.slice(0, 1))).toBeLessThan(1e-4)
        expect(relativeError([first?.grad_norm ?? NaN], norms.slice(0, 1))).toBeLessThan(1e-4)
        const { slot, factor } = firstMoment[optimizer]
        const state = await tensorsOf(join(checkpoint(1), 'optimizer.safetensors'))
        const gradients = [...state].flatMap(([key, values]) => {
          const [kept, model, ...path] = key.split('/')
          return kept === slot ? [[`${model}.${path.join('/')}`, values.map((v) => v / factor)] as const] : []
        })
        await expectTensors(new Map(gradients), fixture, `${stage}/gradient/`, 1e-4)
      })

      test(`${stage}: losses, norms of gradients and monitors of all steps within 1e-3`, () => {
        const lines = linesOf(runDir, stage)
        const { losses, grad_norms: norms, monitors = {} } = facts()
        expect(
          relativeError(
            lines.map(({ loss }) => loss),
            losses,
          ),
        ).toBeLessThan(1e-3)
        expect(
          relativeError(
            lines.map(({ grad_norm: norm }) => norm ?? NaN),
            norms,
          ),
        ).toBeLessThan(1e-3)
        for (const [name, values] of Object.entries(monitors))
          expect(
            relativeError(
              lines.map((line) => Number(line.monitors[name])),
              values,
            ),
            name,
          ).toBeLessThan(1e-3)
      })

      test(`${stage}: all that is trained ends within 1e-3, and all of it has moved`, async () => {
        const { losses, least_moved: moved } = facts()
        expect(moved).toBeGreaterThan(0.01)
        const names = fixture.names(`${stage}/end/`)
        const found = new Map<string, Float32Array>()
        for (const model of new Set(names.map((n) => n.slice(0, n.indexOf('.'))))) {
          const file = model === 'enc' ? join(model, peftFiles.weights) : `${model}.safetensors`
          for (const [path, values] of await tensorsOf(join(checkpoint(losses.length), file)))
            if (names.includes(`${model}.${path}`)) found.set(`${model}.${path}`, values)
        }
        await expectTensors(found, fixture, `${stage}/end/`, 1e-3)
      })
    }
  })
}

function linesOf(runDir: string, stage: string): readonly StepLine[] {
  const text = readFileSync(join(runDir, 'metrics.jsonl'), 'utf8').trimEnd()
  return text
    .split('\n')
    .map((line) => JSON.parse(line) as StepLine)
    .filter((line) => line.stage === stage)
}

async function tensorsOf(file: string): Promise<ReadonlyMap<string, Float32Array>> {
  const { tensors } = await openSafetensors(file)
  const read = [...tensors].map(
    async ([key, stored]) => [key, new Float32Array(await readTensor(stored))] as const,
  )
  return new Map(await Promise.all(read))
}

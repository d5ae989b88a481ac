import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RunOptions, runPipeline } from '../../src/runtime/run.js'
import { openSafetensors, readTensor } from '../../src/weights/safetensors.js'
import { compileText } from '../parity/harness.js'

const decay = 0.75
const steps = 8

/** A stage that keeps averages, one that trains another part from raw values, and a monitor of each kind. */
const artefact = compileText(`
use std.nn { Linear }
pipeline averaged {
  model one = Linear(3, 2)
  model two = Linear(2, 1)
  let x = draw normal of [5, 3]
  let y = two(one(x))
  loss far = mean(square(y - x[:, :1]))
  stage first {
    train one, two.bias
    minimize far
    optimizer adamw(lr = 0.05)
    steps ${steps}
    ema ${decay}
    save_every 1
    monitor sum = sum(x)
    monitor below = share(sum(x) < 0.0) every 2
  }
  stage second { train two; minimize far; optimizer adamw(lr = 0.05); steps 2 }
  evaluate seen = pictures(original = reshape(append_zero(one(ones([1, 3]))), [1, 3, 1, 1]))
  export one, two
}
fn append_zero(v) = concat([v, zeros([1, 1])], axis = 1)
`)

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'dcrc-'))))
afterEach(() => rmSync(folder, { recursive: true }))

async function tensors(file: string): Promise<Record<string, number[]>> {
  const opened = await openSafetensors(join(folder, file))
  const read = [...opened.tensors].map(async ([name, t]) => [
    name,
    [...new Float32Array(await readTensor(t))],
  ])
  return Object.fromEntries(await Promise.all(read)) as Record<string, number[]>
}

interface Line {
  readonly stage: string
  readonly step: number
  readonly monitors: Record<string, number>
}
const lines = (run: string): Line[] =>
  readFileSync(join(folder, run, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
    .filter(({ stage }) => stage === 'first')

const seen: number[][] = []
const options = (run: string, extra: RunOptions = {}): RunOptions => ({
  root: folder,
  runDir: join(folder, run),
  threads: 1,
  measure: async (_, { results }) => {
    seen.push([...(results['original']?.data ?? [])])
    return {}
  },
  ...extra,
})

const close = (found: readonly number[] | undefined, wanted: readonly number[]): void => {
  expect(found).toHaveLength(wanted.length)
  wanted.forEach((v, i) => expect(found?.[i]).toBeCloseTo(v, 5))
}

describe('averages of parameters', () => {
  test('are d a + (1 - d) p over the steps; evaluations and exports take them, later stages the raw values', async () => {
    seen.length = 0
    expect((await runPipeline(artefact, options('run'))).status).toBe('done')
    const start = await tensors('run/initial/one.safetensors')
    const average = { ...start }
    for (let step = 1; step <= steps; step++) {
      const now = await tensors(`run/checkpoints/first-${step}/one.safetensors`)
      for (const [name, values] of Object.entries(now))
        average[name] = values.map((v, i) => decay * (average[name]?.[i] ?? NaN) + (1 - decay) * v)
    }
    const exported = await tensors('run/export/one/model.safetensors')
    for (const [name, values] of Object.entries(average)) close(exported[name], values)
    const raw = await tensors(`run/checkpoints/first-${steps}/one.safetensors`)
    expect(exported['weight']).not.toEqual(raw['weight'])

    // one(1, 1, 1), at the start and after the first stage; the second one changes nothing that it reads
    const at = (w: Record<string, number[]>): number[] =>
      [0, 1].map((i) =>
        (w['weight'] ?? []).slice(3 * i, 3 * i + 3).reduce((s, v) => s + v, w['bias']?.[i] ?? NaN),
      )
    expect(seen).toHaveLength(2)
    close(seen[0]?.slice(0, 2), at(start))
    close(seen[1]?.slice(0, 2), at(average))

    // the second stage trained the bias without averages, from its raw value: what it left is what counts
    const [second, two] = [
      await tensors('run/checkpoints/second-2/two.safetensors'),
      await tensors('run/export/two/model.safetensors'),
    ]
    expect(two).toEqual(second)
    const { bias } = await tensors(`run/checkpoints/first-${steps}/two.safetensors`)
    expect(Math.abs((second['bias']?.[0] ?? NaN) - (bias?.[0] ?? NaN))).toBeLessThanOrEqual(2 * 0.05 * 1.01)
  })

  test('and shares of steps go on where a run was stopped, bit for bit', async () => {
    await runPipeline(artefact, options('straight'))
    const stop = new AbortController()
    const onEvent: RunOptions['onEvent'] = (e) => {
      if (e.kind === 'step' && e.line.stage === 'first' && e.line.step === 3) stop.abort()
    }
    const stopped = await runPipeline(artefact, options('run', { signal: stop.signal, onEvent }))
    expect(stopped.status).toBe('stopped')
    await runPipeline(artefact, options('run', { resume: true }))
    const bytes = (run: string, file: string): string =>
      readFileSync(join(folder, run, file)).toString('base64')
    for (const file of [`checkpoints/first-${steps}/optimizer.safetensors`, 'export/one/model.safetensors'])
      expect(bytes('run', file)).toBe(bytes('straight', file))
    expect(lines('run').map(({ monitors }) => monitors)).toEqual(
      lines('straight').map(({ monitors }) => monitors),
    )
  })

  test('a share counts the monitored steps so far at which its condition held', async () => {
    await runPipeline(artefact, options('run', { steps: 6 }))
    let held = 0
    let due = 0
    const all = lines('run')
    for (const { step, monitors } of all) {
      if (step % 2 !== 0) {
        expect(monitors['below']).toBeUndefined()
        continue
      }
      due++
      if ((monitors['sum'] ?? NaN) < 0) held++
      expect(monitors['below']).toBe(held / due)
    }
    expect(due).toBe(3)
  })
})

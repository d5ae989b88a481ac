import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RunEvent } from '../../src/runtime/events.js'
import type { Measure } from '../../src/runtime/evaluate.js'
import { tableIn } from '../../src/report/evaluation-table.js'
import { type RunOptions, runPipeline } from '../../src/runtime/run.js'
import { openSafetensors, readTensor } from '../../src/weights/safetensors.js'
import type { RowStream } from '../../src/runtime/sources/dataset.js'
import { initialScale, noise, predict, train } from './reference.js'
import { batch, points, regression } from './regression.js'
import { Numbers } from './streams.js'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'dcrc-'))))
afterEach(() => rmSync(folder, { recursive: true }))

const rows = 10
const options = (extra: RunOptions = {}): RunOptions => ({
  root: folder,
  runDir: join(folder, 'run'),
  openDataset: async () => points(rows),
  measure: async () => ({}),
  ...extra,
})

interface Line {
  readonly stage: string
  readonly step: number
  readonly loss: number
  readonly lr: number
  readonly grad_norm: number
  readonly monitors: Record<string, number>
}
const metrics = (run = 'run'): Line[] =>
  readFileSync(join(folder, run, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
const withoutTimes = (run?: string): object[] =>
  metrics(run).map(({ stage, step, loss, lr, grad_norm, monitors }) => ({
    stage,
    step,
    loss,
    lr,
    grad_norm,
    monitors,
  }))

async function weights(file: string): Promise<{ w: number[]; b: number }> {
  const { tensors } = await openSafetensors(join(folder, file))
  const values = async (name: string): Promise<number[]> => {
    const tensor = tensors.get(name)
    if (!tensor) throw new Error(`no ${name}`)
    return [...new Float32Array(await readTensor(tensor))]
  }
  const [b = NaN] = await values('b')
  return { w: await values('w'), b }
}

const close = (actual: number, expected: number): void =>
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(expected)))

/** Every file of a folder. */
const contents = (directory: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(join(folder, directory), { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => name)
      .sort()
      .map((name) => [name, readFileSync(join(folder, directory, name)).toString('base64')]),
  )

describe('training is what its equations say', () => {
  test('loss, gradient norm, learning rate, monitors and weights of 20 steps agree with float64', async () => {
    const result = await runPipeline(regression(), options())
    expect(result.status).toBe('done')
    const expected = train({ seed: 7, rows, steps: 20, lr: 0.05 })
    const lines = metrics()
    expect(lines.map(({ step }) => step)).toEqual(expected.map((_, i) => i + 1))
    lines.forEach((line, i) => {
      const { loss, gradNorm, residual } = expected[i] ?? { loss: NaN, gradNorm: NaN, residual: NaN }
      close(line.loss, loss)
      close(line.grad_norm, gradNorm)
      close(line.lr, 0.05 * Math.min(1, line.step / 5))
      expect(Object.keys(line.monitors)).toEqual(line.step % 3 === 0 ? ['residual'] : [])
      if (line.step % 3 === 0) close(line.monitors['residual'] ?? NaN, residual)
    })
    const end = expected.at(-1)?.line
    const exported = await weights('run/export/line/model.safetensors')
    exported.w.forEach((v, k) => close(v, end?.w[k] ?? NaN))
    close(exported.b, end?.b ?? NaN)
  })

  test('three micro-batches are one step on three times the rows', async () => {
    await runPipeline(regression({ accumulate: 3 }), options())
    const expected = train({ seed: 7, rows, steps: 20, lr: 0.05, accumulate: 3 })
    metrics().forEach((line, i) => {
      close(line.loss, expected[i]?.loss ?? NaN)
      close(line.grad_norm, expected[i]?.gradNorm ?? NaN)
    })
    const exported = await weights('run/export/line/model.safetensors')
    exported.w.forEach((v, k) => close(v, expected.at(-1)?.line.w[k] ?? NaN))
  })

  test('another seed gives another run, the same seed the same bits', async () => {
    await runPipeline(regression(), options({ seed: 3 }))
    await runPipeline(regression(), options({ seed: 3, runDir: join(folder, 'again') }))
    expect(withoutTimes('again')).toEqual(withoutTimes())
    expect(contents('again/checkpoints/first-20')).toEqual(contents('run/checkpoints/first-20'))
    const expected = train({ seed: 3, rows, steps: 20, lr: 0.05 })
    metrics().forEach((line, i) => close(line.loss, expected[i]?.loss ?? NaN))
  })

  test('a second stage starts from what the first one left, with fresh momentum', async () => {
    await runPipeline(regression({ stages: ['first', 'second'] }), options())
    const first = await weights('run/checkpoints/first-20/line.safetensors')
    const [line] = metrics().filter(({ stage }) => stage === 'second')
    const [row] = train({ seed: 7, rows, steps: 1, lr: 0.05, stage: 'second' })
    expect(line?.loss).not.toBeCloseTo(row?.loss ?? NaN, 3)
    expect(line?.loss).toBeLessThan(0.1)
    // One step moves by lr / 5 times the gradient alone: no momentum is left over.
    await runPipeline(
      regression({ stages: ['first', 'second'] }),
      options({ steps: 1, runDir: join(folder, 'short') }),
    )
    const [a, b] = [
      await weights('short/checkpoints/first-1/line.safetensors'),
      await weights('short/checkpoints/second-1/line.safetensors'),
    ]
    const norm = metrics('short')[1]?.grad_norm ?? NaN
    const moved = Math.hypot(...a.w.map((v, k) => v - (b.w[k] ?? 0)), a.b - b.b)
    expect(moved).toBeCloseTo(0.01 * norm, 5)
    expect(first.b).not.toBe(a.b)
  })

  test('--steps cuts a stage short and leaves its schedule as it was', async () => {
    await runPipeline(regression({ steps: 20 }), options({ steps: 3 }))
    await runPipeline(regression({ steps: 20 }), options({ runDir: join(folder, 'full') }))
    expect(withoutTimes()).toEqual(withoutTimes('full').slice(0, 3))
  })
})

describe('resuming', () => {
  test('N steps and N more give, bit for bit, 2N steps', async () => {
    const artefact = regression({ steps: 20, accumulate: 2 })
    await runPipeline(artefact, options({ steps: 14, runDir: join(folder, 'straight') }))
    await runPipeline(artefact, options({ steps: 7 }))
    const resumed = await runPipeline(artefact, options({ steps: 14, resume: true }))
    expect(resumed.status).toBe('done')
    expect(contents('run/checkpoints/first-14')).toEqual(contents('straight/checkpoints/first-14'))
    expect(contents('run/export')).toEqual(contents('straight/export'))
    expect(withoutTimes()).toEqual(withoutTimes('straight'))
  })

  test('with two stages, a longer first stage makes the second one anew', async () => {
    const artefact = regression({ stages: ['first', 'second'] })
    await runPipeline(artefact, options({ steps: 8, runDir: join(folder, 'straight') }))
    await runPipeline(artefact, options({ steps: 4 }))
    const events: RunEvent[] = []
    await runPipeline(artefact, options({ steps: 8, resume: true, onEvent: (e) => events.push(e) }))
    const [started] = events
    expect(started?.kind === 'started' ? [started.resumed, started.discarded] : null).toEqual([
      { stage: 'first', step: 4 },
      ['second-4'],
    ])
    expect(contents('run/checkpoints/second-8')).toEqual(contents('straight/checkpoints/second-8'))
    expect(existsSync(join(folder, 'run/checkpoints/second-4'))).toBe(false)
    expect(withoutTimes()).toEqual(withoutTimes('straight'))
  })

  test('a run interrupted in the middle of a stage goes on where it stopped', async () => {
    const artefact = regression({ stages: ['first', 'second'], steps: 200 })
    await runPipeline(artefact, options({ runDir: join(folder, 'straight') }))
    const stop = new AbortController()
    const onEvent = (event: RunEvent): void => {
      if (event.kind === 'step' && event.line.stage === 'second' && event.line.step === 31) stop.abort()
    }
    const stopped = await runPipeline(artefact, options({ onEvent, signal: stop.signal }))
    if (stopped.status !== 'stopped' || !stopped.at) throw new Error(`it is ${stopped.status}`)
    expect(stopped.at.stage).toBe('second')
    expect(stopped.at.step).toBeGreaterThanOrEqual(31)
    expect(stopped.at.step).toBeLessThan(40)
    expect(existsSync(join(folder, `run/checkpoints/second-${stopped.at.step}/state.json`))).toBe(true)
    const resumed = await runPipeline(artefact, options({ resume: true }))
    expect(resumed.status).toBe('done')
    expect(contents('run/checkpoints/second-200')).toEqual(contents('straight/checkpoints/second-200'))
    expect(withoutTimes()).toEqual(withoutTimes('straight'))
  })

  test('a crash loses what follows the last checkpoint: metrics are cut back, half-written files are ignored', async () => {
    const artefact = regression({ steps: 20, saveEvery: 6 })
    await runPipeline(artefact, options({ runDir: join(folder, 'straight') }))
    await runPipeline(artefact, options())
    // As if the process had died after step 15, in the middle of a line, while it wrote a checkpoint.
    rmSync(join(folder, 'run/checkpoints/first-20'), { recursive: true })
    rmSync(join(folder, 'run/checkpoints/first-18/optimizer.safetensors'))
    const file = join(folder, 'run/metrics.jsonl')
    writeFileSync(file, readFileSync(file, 'utf8').split('\n').slice(0, 15).join('\n').slice(0, -9))
    const events: RunEvent[] = []
    await runPipeline(artefact, options({ resume: true, onEvent: (e) => events.push(e) }))
    const started = events.find(({ kind }) => kind === 'started')
    expect(started?.kind === 'started' && started.resumed).toEqual({ stage: 'first', step: 12 })
    expect(withoutTimes()).toEqual(withoutTimes('straight'))
    for (const name of ['first-12', 'first-18', 'first-20']) {
      expect(contents(`run/checkpoints/${name}`)).toEqual(contents(`straight/checkpoints/${name}`))
    }
  })

  /** A stream of points; from the `spoilt`th row read on, a row may be read of which no loss is known. */
  function open(spoilt = Infinity): { stream: Numbers; extra: RunOptions } {
    const stream = new Numbers([40, 40, 40], 6)
    const all = points(120)
    const rows: RowStream = {
      fingerprint: 'stream',
      shards: 3,
      shuffle: 6,
      async *read(shard, from) {
        for await (const { at, next, row: n } of stream.read(shard, from)) {
          const point = all.row(n.x[0] ?? 0)
          yield {
            row: stream.seen.length === spoilt ? { ...point, y: Float32Array.of(NaN) } : point,
            at,
            next,
          }
        }
      },
    }
    return { stream, extra: { openDataset: async () => rows } }
  }

  test('of a stream goes on from the last good step after one that was not', async () => {
    const artefact = regression({ steps: 30, lr: 0.01 })
    const whole = open()
    await runPipeline(artefact, options({ ...whole.extra, runDir: join(folder, 'whole') }))
    const failed = await runPipeline(artefact, options(open(50).extra))
    expect(failed.status === 'failed' && failed.diagnostics.map(({ code }) => code)).toEqual([
      'run/not-finite',
    ])
    const good = metrics().length
    const resumed = open()
    await runPipeline(artefact, options({ ...resumed.extra, resume: true }))
    expect(withoutTimes('run')).toEqual(withoutTimes('whole'))
    expect(resumed.stream.seen.length).toBeLessThanOrEqual(whole.stream.seen.length - batch * good + 2 * 6)
  })

  test('of a stream reads on where it stood, bit for bit, and reads nothing twice', async () => {
    const artefact = regression({ steps: 30, lr: 0.01 })
    const whole = open()
    await runPipeline(artefact, options({ ...whole.extra, runDir: join(folder, 'whole') }))
    const stop = new AbortController()
    const onEvent: RunOptions['onEvent'] = (e) => {
      if (e.kind === 'step' && e.line.step === 12) stop.abort()
    }
    await runPipeline(artefact, options({ ...open().extra, signal: stop.signal, onEvent }))
    const stopped = metrics().length
    const resumed = open()
    await runPipeline(artefact, options({ ...resumed.extra, resume: true }))
    expect(withoutTimes('run')).toEqual(withoutTimes('whole'))
    expect(readFileSync(join(folder, 'run/export/line/model.safetensors'))).toEqual(
      readFileSync(join(folder, 'whole/export/line/model.safetensors')),
    )
    expect(resumed.stream.seen.length).toBeLessThanOrEqual(whole.stream.seen.length - batch * stopped + 2 * 6)
  })

  test('a finished run resumed does nothing again and says where its results are', async () => {
    const artefact = regression({ evaluations: true })
    await runPipeline(artefact, options())
    const before = contents('run')
    const events: RunEvent[] = []
    const again = await runPipeline(artefact, options({ resume: true, onEvent: (e) => events.push(e) }))
    expect(again.status).toBe('done')
    expect(events.map(({ kind }) => kind)).toEqual(['started', 'exported', 'done'])
    expect(contents('run')).toEqual(before)
  })

  const refused = async (artefact = regression(), extra: RunOptions = {}): Promise<string[]> => {
    const result = await runPipeline(artefact, options({ resume: true, ...extra }))
    return result.status === 'failed'
      ? result.diagnostics.map((d) => `${d.code}: ${d.message}`)
      : [result.status]
  }

  test('what is not the same computation is refused, and the folder stays as it is', async () => {
    const artefact = regression({ steps: 6 })
    await runPipeline(artefact, options())
    const before = contents('run/checkpoints/first-6')
    expect(await refused(regression({ steps: 6, lr: 0.1 }))).toEqual([
      `run/resume-changed: ${folder}/run was run with another stage \`first\`.updates.0.groups.0.settings.lr: 0.05, now 0.1`,
    ])
    expect(await refused(artefact, { seed: 8 })).toEqual([
      `run/resume-changed: ${folder}/run was run with another seed: 7, now 8`,
    ])
    expect(await refused(artefact, { openDataset: async () => points(11) })).toEqual([
      `run/resume-changed: ${folder}/run was run with another content of data \`points\`: points 10, now points 11`,
    ])
    expect(await refused(artefact, { steps: 5 })).toEqual([
      `run/resume-changed: ${folder}/run was run with another length of stage \`first\`: 6 steps, now 5 steps`,
    ])
    expect(contents('run/checkpoints/first-6')).toEqual(before)
  })

  test('a folder without a run cannot be resumed, one with a run is not overwritten', async () => {
    expect(await refused()).toEqual([`run/nothing-to-resume: ${folder}/run holds no run to resume`])
    await runPipeline(regression(), options())
    expect(await refused(regression(), { resume: false })).toEqual([
      `run/folder-taken: ${folder}/run is not empty`,
    ])
  })

  test('without a folder named, the latest run of the pipeline goes on', async () => {
    const artefact = regression({ steps: 9 })
    const { runDir: _, ...noFolder } = options()
    const first = await runPipeline(artefact, { ...noFolder, steps: 2 })
    const second = await runPipeline(artefact, { ...noFolder, steps: 3 })
    const third = await runPipeline(artefact, { ...noFolder, steps: 4, resume: true })
    expect(second.directory).not.toBe(first.directory)
    expect(third.directory).toBe(second.directory)
    expect(readdirSync(join(third.directory ?? '', 'checkpoints'))).toEqual(['first-3', 'first-4'])
  })
})

describe('one stage alone', () => {
  test('stages can be run one by one in the same folder', async () => {
    const artefact = regression({ stages: ['first', 'second'] })
    await runPipeline(artefact, options({ runDir: join(folder, 'straight') }))
    await runPipeline(artefact, options({ stage: 'first' }))
    expect(readdirSync(join(folder, 'run/checkpoints'))).toEqual(['first-20'])
    await runPipeline(artefact, options({ stage: 'second', resume: true }))
    expect(contents('run/checkpoints/second-20')).toEqual(contents('straight/checkpoints/second-20'))
  })

  test('a stage whose predecessor has not run, and an unknown one, are refused', async () => {
    const artefact = regression({ stages: ['first', 'second'] })
    const codes = async (stage: string): Promise<string[]> => {
      const result = await runPipeline(artefact, options({ stage }))
      return result.status === 'failed' ? result.diagnostics.map(({ code }) => code) : []
    }
    expect(await codes('second')).toEqual(['run/stage-order'])
    expect(await codes('third')).toEqual(['run/stage-unknown'])
    expect(existsSync(join(folder, 'run'))).toBe(false)
  })
})

describe('a loss that is not finite', () => {
  test('stops the run, names stage and step, and keeps the last good state', async () => {
    const result = await runPipeline(regression({ lr: 1e12 }), options())
    if (result.status !== 'failed') throw new Error(`it is ${result.status}`)
    const [diagnostic] = result.diagnostics
    expect(diagnostic?.code).toBe('run/not-finite')
    const bad = metrics().length + 1
    expect(diagnostic?.message).toMatch(
      new RegExp(`^stage \`first\`, step ${bad}: the (loss|gradient norm) is `),
    )
    const kept = await weights(`run/checkpoints/first-${bad - 1}/line.safetensors`)
    expect([...kept.w, kept.b].every(Number.isFinite)).toBe(true)
    expect(diagnostic?.help).toContain(`checkpoints/first-${bad - 1}`)
  })

  test('never keeps a state that is itself not finite', async () => {
    const result = await runPipeline(regression({ lr: 1e39 }), options())
    if (result.status !== 'failed') throw new Error(`it is ${result.status}`)
    expect(result.diagnostics[0]?.message).toMatch(/^stage `first`, step 2: the loss is (NaN|-?Infinity)$/)
    expect(existsSync(join(folder, 'run/checkpoints'))).toBe(false)
  })
})

describe('evaluations', () => {
  interface Seen {
    readonly name: string
    readonly shape: readonly number[]
    readonly data: readonly number[]
  }

  test('see every row once in order, or whole random batches, at the start and after a stage that changes what they read', async () => {
    const seen: Seen[] = []
    const result = await runPipeline(
      regression({ evaluations: true, steps: 5 }),
      options({
        measure: async (spec, { results, seed }) => {
          const prediction = results['prediction']
          expect(seed).toBe(7)
          seen.push({ name: spec.name, shape: prediction?.shape ?? [], data: [...(prediction?.data ?? [])] })
          return { first: prediction?.data[0] ?? null }
        },
      }),
    )
    const start = { w: (await weights('run/initial/line.safetensors')).w, b: 0.5 }
    const end = await weights('run/export/line/model.safetensors')
    expect(seen.map(({ name, shape }) => [name, shape])).toEqual([
      ['all', [rows]],
      ['drawn', [3, batch]],
      ['all', [rows]],
      ['drawn', [3, batch]],
    ])
    for (const [at, line] of [start, end].entries()) {
      const whole = seen[2 * at]?.data ?? []
      whole.forEach((value, row) => {
        const eps = noise(7, 'evaluate/all', Math.floor(row / batch), 0)[row % batch] ?? NaN
        close(value, predict(line, initialScale(7), points(rows).row(row).x, eps))
      })
    }
    if (result.status !== 'done') throw new Error(result.status)
    expect(Object.keys(result.evaluations)).toEqual(['start', 'first'])
    expect(result.evaluations['first']?.['all']).toEqual({ first: seen[2]?.data[0] })
    expect(tableIn(readFileSync(join(folder, 'run/eval.json'), 'utf8'))).toEqual(result.evaluations)
  })

  test('a run stopped between training and its evaluation makes up for it when resumed', async () => {
    const artefact = regression({ evaluations: true, steps: 5 })
    const measure: Measure = async (_, { results }) => ({ rows: results['prediction']?.shape[0] ?? null })
    await runPipeline(artefact, options({ measure, runDir: join(folder, 'straight') }))
    const stop = new AbortController()
    const onEvent = (event: RunEvent): void => {
      if (event.kind === 'evaluated' && event.moment === 'first' && event.evaluation === 'all') stop.abort()
    }
    const stopped = await runPipeline(artefact, options({ measure, onEvent, signal: stop.signal }))
    expect(stopped).toMatchObject({ status: 'stopped', at: { stage: 'first', step: 5 } })
    await runPipeline(artefact, options({ measure, resume: true }))
    expect(contents('run')['eval.json']).toBe(contents('straight')['eval.json'])
  })
})

import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compile } from '../../src/compiler/index.js'
import type { RunEvent } from '../../src/runtime/events.js'
import { runPipeline } from '../../src/runtime/run.js'
import { eventsFile, keptRecords } from '../../src/runtime/tensorboard.js'
import { openSafetensors, readTensor } from '../../src/weights/safetensors.js'
import { compileText } from '../parity/harness.js'

/*
 * Aim: training that goes astray ends, or leaves out the steps that are not finite, as the stage says; a run that is cut
 * off in between ends with the same bits.
 */

/** a becomes -2 a with each step: the loss, a^2 / 2, is 4^(k - 1) / 2 at step k. */
const text = (clauses: string): string => `
module Number() { value: float[] = constant(1.0); fn forward() = value }
pipeline grow {
  model a = Number()
  stage grow { train a; minimize 0.5 * square(a.value); optimizer sgd(lr = 3.0); steps 8; save_every 1; ${clauses} }
  export a
}`
const growing = (clauses: string) => compileText(text(clauses))

/** The loss is finite where what is drawn is below 1/2, about every second time; each such step adds 1. */
const random = (clauses: string) =>
  compileText(`
module Number() { value: float[] = zeros; fn forward() = value }
pipeline drawn {
  model a = Number()
  stage drawn {
    train a
    minimize -a.value + 0.0 * log(0.5 - draw uniform(low = 0.0, high = 1.0) of [])
    optimizer sgd(lr = 1.0)
    steps 12
    save_every 1
    ${clauses}
  }
  export a
}`)

const pipelines = fileURLToPath(new URL('../../pipelines', import.meta.url))

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dcrc-astray-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const run = async (
  to: string,
  artefact: ReturnType<typeof compileText>,
  { resume = false, until = Infinity }: { readonly resume?: boolean; readonly until?: number } = {},
) => {
  const events: RunEvent[] = []
  const stop = new AbortController()
  const result = await runPipeline(artefact, {
    root: folder,
    runDir: join(folder, to),
    threads: 1,
    resume,
    signal: stop.signal,
    onEvent(event) {
      events.push(event)
      if (event.kind === 'step' && event.line.step === until) stop.abort()
    },
  })
  return { result, events }
}
interface Line {
  readonly step: number
  readonly loss: number | null
  readonly skipped?: true
}
const lines = (of: string): readonly Line[] =>
  readFileSync(join(folder, of, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
const value = async (of: string): Promise<number> => {
  const { tensors } = await openSafetensors(join(folder, of, 'export/a/model.safetensors'))
  const tensor = tensors.get('value')
  if (!tensor) throw new Error('no value')
  return new Float32Array(await readTensor(tensor))[0] ?? NaN
}
const checkpoints = (of: string): readonly string[] => readdirSync(join(folder, of, 'checkpoints')).sort()

describe('stop when loss > x for n steps', () => {
  const artefact = growing('stop when loss > 30 for 2 steps')

  test('ends the run, and keeps no state of these steps', async () => {
    const { result } = await run('diverged', artefact)
    // 32 and 128 are the losses of steps 4 and 5
    expect(result).toMatchObject({
      status: 'failed',
      diagnostics: [
        {
          code: 'run/diverged',
          message: 'stage `grow`, step 5: the loss is 128, and has been above 30 for 2 steps',
        },
      ],
    })
    expect(lines('diverged').map(({ loss }) => loss)).toEqual([0.5, 2, 8, 32, 128])
    expect(checkpoints('diverged')).not.toContain('grow-5')
  })

  test('counts on where a run is cut off in between', async () => {
    await run('cut', artefact, { until: 1 })
    for (const name of checkpoints('cut'))
      if (Number(name.slice(5)) > 4) rmSync(join(folder, 'cut/checkpoints', name), { recursive: true })
    const { result } = await run('cut', artefact, { resume: true })
    expect(result).toMatchObject({
      diagnostics: [{ message: expect.stringContaining('step 5: the loss is 128') }],
    })
  })

  test('a loss that is not above goes on', async () => {
    const { result } = await run('below', growing('stop when loss > 30 for 6 steps'))
    // five losses are above 30
    expect(result.status).toBe('done')
  })
})

describe('on_nonfinite "skip"', () => {
  const artefact = random('on_nonfinite "skip"')

  test('leaves the state as it was at steps that are not finite', async () => {
    const { result, events } = await run('skip', artefact)
    expect(result.status).toBe('done')
    const all = lines('skip')
    expect(all.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, k) => k + 1))
    const skipped = all.filter((line) => line.skipped)
    expect([skipped.length > 0, skipped.length < 12]).toEqual([true, true])
    expect(skipped.every(({ loss }) => loss === null)).toBe(true)
    expect(await value('skip')).toBe(12 - skipped.length)
    const places: number[] = []
    keptRecords(readFileSync(join(folder, 'skip', eventsFile)), ({ step }) => places.push(step) > 0)
    expect(places).toEqual(all.map(({ step }) => step))
    const told = events.flatMap((e) => (e.kind === 'skipped' ? [e] : []))
    expect(told[0]).toMatchObject({ step: skipped[0]?.step, what: 'loss', value: NaN, count: 1 })
    expect(told.map(({ count }) => count)).toEqual([1, 2, 4, 8].filter((n) => n <= skipped.length))
  })

  test('goes on to the same bits where a run is cut off', async () => {
    await run('skip-cut', artefact, { until: 5 })
    await run('skip-cut', artefact, { resume: true })
    expect(await value('skip-cut')).toBe(await value('skip'))
    expect(lines('skip-cut').map(({ skipped }) => skipped)).toEqual(
      lines('skip').map(({ skipped }) => skipped),
    )
  })

  test('without it the first such step ends the run', async () => {
    const first = lines('skip').find(({ skipped }) => skipped)?.step
    const { result } = await run('stop', random(''))
    expect(result).toMatchObject({
      status: 'failed',
      diagnostics: [{ code: 'run/not-finite', message: `stage \`drawn\`, step ${first}: the loss is NaN` }],
    })
  })
})

describe('a step that is not finite names the first expression that was not', () => {
  const written = (loss: string, clauses = ''): string => `
module Number() { value: float[2] = constant(0.5); fn forward() = value }
fn risky(x: float[n]) -> float[n] {
  y = x - 1.0
  log(y)
}
pipeline p {
  model a = Number()
  stage s { train a; minimize ${loss}; optimizer sgd(lr = 0.1); steps 3; ${clauses} }
  export a
}`
  const told = async (name: string, source: string) => {
    const result = await runPipeline(compileText(source), {
      root: folder,
      runDir: join(folder, name),
      threads: 1,
      texts: new Map([['test.dcr', source]]),
    })
    if (result.status !== 'failed') throw new Error(result.status)
    const [diagnostic] = result.diagnostics
    const { file = '', start = 0, end = 0 } = diagnostic?.span ?? {}
    const line = source.slice(0, start).split('\n').length
    return { why: diagnostic?.why, help: diagnostic?.help, at: `${file}:${line} ${source.slice(start, end)}` }
  }

  test('in a function, by its line and what it read', async () => {
    expect(await told('log', written('sum(risky(a.value) + 3.0)'))).toEqual({
      help: 'no state before it was finite; lower the learning rate or look for log, sqrt and division near 0',
      why: expect.stringMatching(
        /^the first that is not finite is `Log` of test\.dcr:5:3: it gives NaN of `[^`]+` f32\[2\] from -0\.5 to -0\.5; the step was not taken$/,
      ),
      at: 'test.dcr:5 log',
    })
  })

  test('in a derivative, by the expression that it is that of', async () => {
    // d sqrt(x) / dx = 1 / (2 sqrt(x)) at 0
    const { why, at } = await told('sqrt', written('sum(sqrt(square(a.value - 0.5)))'))
    expect(at).toBe('test.dcr:9 sqrt')
    expect(why).toMatch(/ of test\.dcr:9:\d+: it gives (Infinity|NaN) of /)
  })

  test('in a micro-batch', async () => {
    const loss = 'sum(risky(a.value + draw uniform(low = 0.0, high = 0.1) of [2]))'
    expect(await told('micro', written(loss, 'accumulate 3'))).toMatchObject({ at: 'test.dcr:5 log' })
  })

  test('and not one that is left out by a `where`', async () => {
    const loss = 'sum(where(a.value > 9.0, log(a.value - 1.0), a.value - 0.5)) / sum(a.value - 0.5)'
    expect(await told('where', written(loss))).toMatchObject({
      why: expect.stringContaining('is `Div` of'),
    })
  })

  test('with the labels, where these lie outside of the classes', async () => {
    const loss = 'cross_entropy(a.value[None], cast(a.value[:1] * 10.0, i64))'
    const source = `use std.losses { cross_entropy }\n${written(loss)}`
    expect(await told('label', source)).toMatchObject({
      why: expect.stringContaining('is `Where` of'),
      help: expect.stringContaining('look at the labels that it computes'),
    })
  })

  test('where its memory overflows, with infinity', async () => {
    expect(await told('exp', written('sum(exp(200.0 * a.value))'))).toMatchObject({
      at: 'test.dcr:9 exp',
      why: expect.stringContaining('it gives Infinity of'),
    })
  })
})

test('where every step is skipped the run ends', async () => {
  const never = compileText(`
module Number() { value: float[] = zeros; fn forward() = value }
pipeline never {
  model a = Number()
  stage never { train a; minimize log(a.value - 1.0); optimizer sgd(lr = 1.0); steps 300; on_nonfinite "skip" }
  export a
}`)
  const { result } = await run('never', never)
  expect(result).toMatchObject({
    status: 'failed',
    diagnostics: [{ code: 'run/not-finite', message: 'stage `never`, step 100: the loss is NaN' }],
  })
  expect(lines('never')).toHaveLength(100)
})

test.each([
  ['on_nonfinite "go on"', 'stage/bad-value', '`on_nonfinite` takes "stop" or "skip", got'],
  ['stop when loss > "a" for 2 steps', 'stage/bad-value', '`stop when loss >` takes a number, got'],
  ['stop when loss > 1.0 for 0 steps', 'stage/bad-value', '`for` takes an int of at least 1, got'],
  ['stop when loss > 1.0 for 2', 'syntax/expected', '`steps`'],
  ['stop when loss < 1.0 for 2 steps', 'syntax/expected', '`>` and a number'],
])('%s is refused', (clause, code, words) => {
  const read = (path: string): string =>
    path === 'a.dcr' ? text(clause) : readFileSync(join(pipelines, path), 'utf8')
  const { diagnostics } = compile({ entry: 'a.dcr', files: { read } })
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  expect(errors.map((d) => d.code)).toEqual([code])
  expect(errors[0]?.message).toContain(words)
})

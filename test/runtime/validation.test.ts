import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StageSpec } from '../../src/artefact/stages.js'
import type { RunEvent } from '../../src/runtime/events.js'
import { type EvaluationTable, tableIn } from '../../src/report/evaluation-table.js'
import { runPipeline } from '../../src/runtime/run.js'
import { endingOf } from '../../src/runtime/validation.js'
import { openSafetensors, readTensor } from '../../src/weights/safetensors.js'
import { compileText } from '../parity/harness.js'
import { rounding } from '../rounding.js'

/*
 * Aim: evaluations within a stage see the values of their step and change none; a stage ends with the values that
 * measured best, or early, and a run that is cut off at any checkpoint or measurement ends with the same bits.
 */

/** A number that runs through 0.1, 0.2, ..., one step each; its distance from 0.45 falls, then rises. */
const artefactOf = (clauses: string, every: string) =>
  compileText(`
module Number() {
  value: float[] = zeros
  fn forward() = value
}
pipeline walk {
  model a = Number()
  model b = Number()
  stage first {
    train a
    minimize -a.value + 0.0 * sum(draw normal of [2])
    optimizer sgd(lr = 0.1)
    steps 12
    ${clauses}
  }
  stage second {
    train b
    minimize -b.value * a.value
    optimizer sgd(lr = 1.0)
    steps 1
  }
  evaluate near = condition_gate(cosines = abs(a.value - 0.45)[None], t = [1], batches = 1) ${every}
  evaluate other = average(value = b.value, batches = 1)
  export a, b
}`)

const best = artefactOf('keep best(near.mean)', 'every 2')
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dcrc-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

interface Options {
  readonly artefact?: ReturnType<typeof compileText>
  readonly resume?: boolean
  readonly steps?: number
  readonly onEvent?: (event: RunEvent, stop: () => void) => void
}

const run = (to: string, { artefact = best, resume = false, steps, onEvent }: Options = {}) => {
  const controller = new AbortController()
  return runPipeline(artefact, {
    root: folder,
    runDir: join(folder, to),
    threads: 1,
    resume,
    ...(steps === undefined ? {} : { steps }),
    signal: controller.signal,
    onEvent: (event) => onEvent?.(event, () => controller.abort()),
  })
}

const evaluations = (of: string): EvaluationTable =>
  tableIn(readFileSync(join(folder, of, 'eval.json'), 'utf8')) ?? expect.fail('eval.json is damaged')
const near = (of: string): Record<string, number> =>
  Object.fromEntries(
    Object.entries(evaluations(of)).map(([moment, { near: m }]) => [moment, Number(m?.['mean'])]),
  )
const exported = async (of: string, model: string): Promise<number> => {
  const { tensors } = await openSafetensors(join(folder, of, `export/${model}/model.safetensors`))
  const value = tensors.get('value')
  if (!value) throw new Error('no value')
  return new Float32Array(await readTensor(value))[0] ?? NaN
}
const checkpoints = (of: string): readonly string[] =>
  readdirSync(join(folder, of, 'checkpoints'))
    .filter((name) => !name.startsWith('.'))
    .sort()
/** All that a run leaves and that does not depend on time. */
const left = (of: string) => ({
  evaluations: evaluations(of),
  checkpoints: checkpoints(of).map((name) => [
    name,
    readFileSync(
      join(folder, of, 'checkpoints', name, name.startsWith('first') ? 'a.safetensors' : 'b.safetensors'),
    ),
  ]),
  metrics: readFileSync(join(folder, of, 'metrics.jsonl'), 'utf8').replaceAll(/,"step_ms".*/g, ''),
})

/** A sum of so many steps, whose terms come to a size. */
const expectSum = (got: number | undefined, wanted: number, terms: number, size = wanted): void => {
  expect(Math.abs((got ?? NaN) - wanted)).toBeLessThan(rounding(terms) * size)
}

describe('keep best', () => {
  beforeAll(async () => {
    expect((await run('whole')).status).toBe('done')
  })

  test('the stage ends with the values that measured best, and the next begins with them', async () => {
    const distances = near('whole')
    for (const step of [2, 4, 6, 8, 10, 12])
      expectSum(distances[`first-${step}`], Math.abs(step / 10 - 0.45), step + 1, step / 10 + 0.45)
    expect(distances['first']).toBe(distances['first-4'])
    expectSum(await exported('whole', 'a'), 0.4, 4)
    // one step along the gradient -a
    expectSum(await exported('whole', 'b'), 0.4, 4)
    // it does not read what the first stage trains
    expect(Object.keys(evaluations('whole')).filter((m) => evaluations('whole')[m]?.['other'])).toEqual([
      'start',
      'second',
    ])
  })

  test('of the checkpoints for measurements the best and the newest two stay', () => {
    expect(checkpoints('whole')).toEqual(['first-10', 'first-12', 'first-4', 'second-1'])
  })

  test('training is what it is without evaluations', async () => {
    await run('plain', { artefact: artefactOf('', '') })
    const last = (of: string): string =>
      left(of)
        .metrics.split('\n')
        .filter((line) => line.includes('"first"'))
        .join('\n')
    expect(last('whole')).toBe(last('plain'))
    expectSum(await exported('plain', 'a'), 1.2, 12)
  })

  test.each([
    'checkpoint first-6',
    'evaluated first-6',
    'checkpoint first-12',
    'evaluated first-12',
    'evaluated first',
    'checkpoint second-1',
  ])('cut off at %s, it goes on to the same bits', async (where) => {
    const to = where.replace(' ', '-')
    const stopped = await run(to, {
      onEvent(event, stop) {
        const place =
          event.kind === 'checkpoint'
            ? `${event.stage}-${event.step}`
            : event.kind === 'evaluated'
              ? event.moment
              : ''
        if (`${event.kind} ${place}` === where) stop()
      },
    })
    if (stopped.status !== 'done') expect((await run(to, { resume: true })).status).toBe('done')
    expect(left(to)).toEqual(left('whole'))
  })

  test.each([4, 12])(
    'without the table of measurements, cut off at %i, it goes on to the same bits',
    async (at) => {
      const to = `lost-${at}`
      await run(to, {
        onEvent: (event, stop) => void (event.kind === 'checkpoint' && event.step === at && stop()),
      })
      rmSync(join(folder, to, 'eval.json'))
      expect((await run(to, { resume: true })).status).toBe('done')
      expect(left(to)).toEqual(left('whole'))
    },
  )

  test('more steps go on from the newest and may find a better one', async () => {
    await run('short', { steps: 3 })
    expect(near('short')['first']).toBeCloseTo(0.15, 6)
    expect((await run('short', { resume: true })).status).toBe('done')
    expect(near('short')['first']).toBe(near('whole')['first'])
    expect(await exported('short', 'b')).toBe(await exported('whole', 'b'))
  })
})

describe('stop when it stalls', () => {
  const stalls = artefactOf('stop when near.mean stalls 2', 'every 2')

  test('ends the stage after so many measurements without a better one', async () => {
    const ended: RunEvent[] = []
    const onEvent = (event: RunEvent): void => void (event.kind === 'ended' && ended.push(event))
    expect((await run('stalls', { artefact: stalls, onEvent })).status).toBe('done')
    // best after 4 steps; 6 and 8 are no better, and what is not kept ends as it is
    expect(ended).toEqual([{ kind: 'ended', stage: 'first', step: 8, values: 8, steps: 12 }])
    expect(await exported('stalls', 'a')).toBeCloseTo(0.8, 6)
    expect(left('stalls').metrics).not.toContain('"step":9,')
  })

  test('resumed behind its end it trains no further', async () => {
    const steps: number[] = []
    cpSync(join(folder, 'stalls'), join(folder, 'again'), { recursive: true })
    const onEvent = (event: RunEvent): void => void (event.kind === 'step' && steps.push(event.line.step))
    expect((await run('again', { artefact: stalls, resume: true, onEvent })).status).toBe('done')
    expect(steps).toEqual([])
    expect(left('again')).toEqual(left('stalls'))
  })
})

test('keep last n keeps the last n and the best', async () => {
  const artefact = artefactOf('keep last 2; keep best(near.mean); save_every 3', 'every 2')
  await run('last', { artefact })
  expect(checkpoints('last')).toEqual(['first-10', 'first-12', 'first-4', 'second-1'])
})

test('a damaged table of measurements is told, not guessed', async () => {
  cpSync(join(folder, 'whole'), join(folder, 'damaged'), { recursive: true })
  writeFileSync(join(folder, 'damaged/eval.json'), '{"first-4":')
  const result = await run('damaged', { resume: true })
  expect(result).toMatchObject({ status: 'failed', diagnostics: [{ code: 'run/unreadable' }] })
})

describe('how a stage ends', () => {
  const metric = { evaluation: 'e', case: null, metric: 'm', better: 'higher' } as const
  const stage = {
    name: 's',
    measures: [{ evaluation: 'e', every: 10 }],
    keep_best: metric,
    stop: { ...metric, stalls: 2 },
  } as unknown as StageSpec
  const table = (...values: readonly (number | null)[]): EvaluationTable =>
    Object.fromEntries(values.map((m, k) => [`s-${10 * (k + 1)}`, { e: { m } }]))

  test.each([
    ['goes on while nothing is decided', 40, [1, 2], null],
    ['takes the first of equals', 20, [2, 2], { at: 20, with: 10 }],
    ['stops when it has stalled', 90, [1, 3, 2, 3], { at: 40, with: 20 }],
    ['counts what is no number as no better', 90, [1, null, null], { at: 30, with: 10 }],
    ['takes the last where nothing could be measured', 20, [null, null], { at: 20, with: 20 }],
    ['ends at its last step', 25, [1, 2], null],
  ] as const)('%s', (_, steps, values, ending) => {
    expect(endingOf(stage, steps, table(...values))).toEqual(ending)
  })

  test('measurements of other stages and of a stage as a whole do not count', () => {
    const other = { 's-10': { e: { m: 1 } }, 's2-20': { e: { m: 9 } }, s: { e: { m: 9 } } }
    expect(endingOf(stage, 10, other)).toEqual({ at: 10, with: 10 })
  })
})

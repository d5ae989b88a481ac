import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { isPart, partOf } from '../../src/durable.js'
import type { RunEvent } from '../../src/runtime/events.js'
import type { Measure } from '../../src/runtime/evaluate.js'
import { type RunOptions, runPipeline } from '../../src/runtime/run.js'
import { SaveRequests } from '../../src/runtime/save-clock.js'
import { seal, unseal } from '../../src/sealed.js'
import { eventsFile, keptRecords } from '../../src/runtime/tensorboard.js'
import { points, regression } from './regression.js'

/*
 * Aim: what a killed process, a failing disk or a second process leaves behind is told and mended, and the run ends with
 * the bits of an undisturbed one.
 */

let room = Infinity

const artefact = regression({ steps: 12, saveEvery: 4 })
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dcrc-survive-'))
  room = Infinity
})
afterEach(() => rmSync(folder, { recursive: true }))

let events: RunEvent[] = []
const run = async (more: RunOptions = {}, from = artefact) => {
  events = []
  const result = await runPipeline(from, {
    root: folder,
    runDir: join(folder, 'run'),
    openDataset: async () => points(10),
    freeRoom: () => room,
    onEvent: (event) => void events.push(event),
    ...more,
  })
  return result.status === 'failed'
    ? result.diagnostics.map(({ code, message }) => `${code}: ${message.replaceAll(folder, '<folder>')}`)
    : result.status
}
const warnings = (): readonly string[] =>
  events.flatMap((e) =>
    e.kind === 'warning'
      ? [`${e.diagnostic.code}: ${e.diagnostic.message.replaceAll(folder, '<folder>')}`]
      : [],
  )
const path = (...names: readonly string[]): string => join(folder, 'run', ...names)
const flip = (file: string, byte: number): void => {
  const bytes = readFileSync(file)
  bytes[byte] = (bytes[byte] ?? 0) ^ 1
  writeFileSync(file, bytes)
}
const weights = (): string => readFileSync(path('export/line/model.safetensors'), 'base64')
const losses = (): string => readFileSync(path('metrics.jsonl'), 'utf8').replaceAll(/,"step_ms".*/g, '')
const stepsOfEvents = (): readonly number[] => {
  const steps: number[] = []
  keptRecords(readFileSync(path(eventsFile)), ({ step }) => steps.push(step) > 0)
  return steps
}

let whole: { readonly weights: string; readonly losses: string }
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dcrc-survive-'))
  await run()
  whole = { weights: weights(), losses: losses() }
  rmSync(folder, { recursive: true })
})
const isWhole = (): void => {
  expect(weights()).toBe(whole.weights)
  expect(losses()).toBe(whole.losses)
  expect(stepsOfEvents()).toEqual(Array.from({ length: 12 }, (_, k) => k + 1))
  expect(readdirSync(path()).filter((name) => name === 'lock' || name.endsWith('.part'))).toEqual([])
}
/** What a process leaves that is killed after a step. */
const killedAt = (step: number): void => {
  for (const name of readdirSync(path('checkpoints')))
    if (Number(name.slice('first-'.length)) > step) rmSync(path('checkpoints', name), { recursive: true })
  rmSync(path('export'), { recursive: true })
}

describe('a damaged checkpoint is named, and the one before is taken', () => {
  test.each([
    ['line.safetensors', 'line.safetensors is not as it was written'],
    ['optimizer.safetensors', 'optimizer.safetensors is not as it was written'],
    ['state.json', 'its state.json is not as it was written'],
  ])('one bit of %s', async (name, problem) => {
    await run()
    killedAt(8)
    flip(path('checkpoints/first-8', name), readFileSync(path('checkpoints/first-8', name)).length - 6)
    expect(await run({ resume: true })).toBe('done')
    expect(warnings()).toEqual([
      `run/checkpoint-damaged: <folder>/run/checkpoints/first-8 is damaged: ${problem}`,
    ])
    expect(events.find((e) => e.kind === 'started')).toMatchObject({ resumed: { stage: 'first', step: 4 } })
    expect(existsSync(path('damaged/first-8/state.json'))).toBe(true)
    isWhole()
  })

  test('that of a finished run, too', async () => {
    await run()
    const file = path('checkpoints/first-12/line.safetensors')
    flip(file, readFileSync(file).length - 6)
    expect(await run({ resume: true })).toBe('done')
    expect(warnings()).toHaveLength(1)
    isWhole()
  })

  test('initial values are made again, which is told', async () => {
    const two = regression({ stages: ['first', 'second'], steps: 4 })
    await run({}, two)
    const bits = weights()
    killedAt(0)
    flip(path('initial/line.safetensors'), readFileSync(path('initial/line.safetensors')).length - 1)
    expect(await run({ resume: true }, two)).toBe('done')
    expect(warnings()).toEqual([
      'run/initial-damaged: <folder>/run/initial/line.safetensors is not as it was written: it is made again from the seed',
    ])
    expect(weights()).toBe(bits)
  })
})

describe('one bit of a file that a resumed run reads', () => {
  const measured = regression({ steps: 12, saveEvery: 4, evaluations: true })
  const measure: Measure = async (_, { results }) => ({ mean: results['prediction']?.data[0] ?? null })
  const more = { measure }

  test.each([
    ['run.json', /^run\/unreadable: <folder>\/run\/run\.json is not as it was written$/],
    // a number may also become one that cannot stand there
    [
      'manifest.json',
      /^run\/artefact: .*\/run\/manifest\.json is (?:not JSON|not as it was compiled|no manifest of this version .*)$/,
    ],
    ['eval.json', /^run\/unreadable: <folder>\/run\/eval\.json is damaged: it is not as it was written$/],
  ])('%s: the run is refused', async (name, said) => {
    await run(more, measured)
    killedAt(8)
    const file = path(name)
    const text = readFileSync(file, 'utf8')
    // digits of numbers, each of which would be another number
    for (const { index } of [...text.matchAll(/(?<=: )\d+\.?\d*(?=,?\n)/g)].slice(0, 12)) {
      flip(file, index)
      expect(await run({ resume: true, ...more }, measured)).toEqual([expect.stringMatching(said)])
      writeFileSync(file, text)
    }
    expect(await run({ resume: true, ...more }, measured)).toBe('done')
    expect(warnings()).toEqual([])
    isWhole()
  })

  test.each([0.2, 0.5, 0.9])('events, %d into the file: they are made again', async (share) => {
    await run()
    killedAt(8)
    const size = readFileSync(path(eventsFile)).length
    // behind the eighth step nothing is kept
    flip(path(eventsFile), Math.floor((share * size * 8) / 12))
    expect(await run({ resume: true })).toBe('done')
    expect(warnings()).toEqual([
      `run/events-damaged: <folder>/run/${eventsFile} is not as it was written: its events are made again from metrics.jsonl`,
    ])
    isWhole()
  })
})

describe('a process that was killed', () => {
  test('while a checkpoint was given its name leaves one that is none', async () => {
    await run()
    killedAt(8)
    cpSync(path('checkpoints/first-8'), path('checkpoints/.first-12.part'), { recursive: true })
    mkdirSync(path('checkpoints/.first-4.gone'))
    expect(await run({ resume: true })).toBe('done')
    isWhole()
    expect(readdirSync(path('checkpoints')).sort()).toEqual(['first-12', 'first-4', 'first-8'])
  })

  test('that had begun files: what there is of them goes', async () => {
    await run()
    killedAt(8)
    for (const name of ['lock', 'eval.json', 'checkpoints/first-8/first.safetensors'])
      writeFileSync(partOf(path(name)), '{')
    expect(await run({ resume: true })).toBe('done')
    isWhole()
    expect(readdirSync(path('checkpoints/first-8')).filter(isPart)).toEqual([])
  })

  test.each([
    ['initial values of another seed alone', ['initial']],
    ['all but run.json', ['initial', 'manifest.json', eventsFile]],
  ])('before there was a run, leaving %s: the folder is run in again', async (_, names) => {
    await run({ seed: 8, runDir: join(folder, 'other') })
    mkdirSync(path())
    for (const name of names) cpSync(join(folder, 'other', name), path(name), { recursive: true })
    writeFileSync(path('run.json.part'), '{')
    expect(await run({ resume: true })).toEqual([
      'run/nothing-to-resume: <folder>/run holds no run to resume',
    ])
    expect(await run()).toBe('done')
    isWhole()
  })

  test.each([
    ['without its header', (file: string) => writeFileSync(file, '')],
    ['cut off in its header', (file: string) => truncateSync(file, 11)],
    ['that is gone', (file: string) => rmSync(file)],
  ])('leaves a file of events %s, which is mended', async (_, harm) => {
    const stop = new AbortController()
    stop.abort()
    await run({ signal: stop.signal })
    harm(path(eventsFile))
    expect(await run({ resume: true })).toBe('done')
    isWhole()
    expect(readFileSync(path(eventsFile)).subarray(0, 64).toString('latin1')).toContain('brain.Event:2')
  })

  test('lines of metrics that something else has changed are told', async () => {
    await run()
    killedAt(8)
    flip(path('metrics.jsonl'), 40)
    expect(await run({ resume: true })).toBe('done')
    expect(warnings()).toEqual([
      'run/metrics-damaged: <folder>/run/metrics.jsonl is not as it was written: what it says of earlier steps may be wrong or incomplete',
    ])
    expect(weights()).toBe(whole.weights)
  })

  test.each(['run.json', 'manifest.json'])('without its %s it is no run that could go on', async (name) => {
    await run()
    rmSync(path(name))
    expect(await run({ resume: true })).toEqual([
      `run/nothing-to-resume: <folder>/run holds no run to resume: it has no ${name}`,
    ])
  })

  test('a damaged run.json is told', async () => {
    await run()
    const text = readFileSync(path('run.json'), 'utf8')
    writeFileSync(path('run.json'), text.replace('"seed": 7', '"seed": 6'))
    expect(await run({ resume: true })).toEqual([
      'run/unreadable: <folder>/run/run.json is not as it was written',
    ])
  })
})

describe('two processes', () => {
  const owner = { token: 'other', pid: process.pid, host: hostname(), since: '2026-01-02T03:04:05.000Z' }
  const lock = (facts: Partial<typeof owner>, age: number): void => {
    mkdirSync(path(), { recursive: true })
    writeFileSync(path('lock'), JSON.stringify({ ...owner, ...facts }))
    const time = Date.now() / 1000 - age
    utimesSync(path('lock'), time, time)
  }
  /** No process has this number. */
  const gone = 2 ** 22 + 1

  test('do not work in one folder: the second is told whose it is', async () => {
    const first = run()
    const second = await runPipeline(artefact, {
      root: folder,
      runDir: path(),
      openDataset: async () => points(10),
    })
    expect(await first).toBe('done')
    expect(second).toMatchObject({
      status: 'failed',
      diagnostics: [{ code: 'run/locked', message: expect.stringContaining(`process ${process.pid} on `) }],
    })
    isWhole()
  })

  test.each([
    ['a process of this machine that has ended', { pid: gone }, 0],
    ['a machine that shows nothing for more than a minute', { host: 'elsewhere' }, 90],
  ])('the lock of %s is taken over, and that is told', async (_, facts, age) => {
    lock(facts, age)
    expect(await run()).toBe('done')
    const { pid, host, since } = { ...owner, ...facts }
    expect(warnings()).toEqual([
      `run/lock-taken: the run was that of process ${pid} on ${host}, since ${since}, which has ended: it is taken over`,
    ])
    isWhole()
  })

  test('the lock of another machine that shows itself holds', async () => {
    lock({ host: 'elsewhere' }, 30)
    expect(await run()).toEqual([
      expect.stringMatching(/^run\/locked: <folder>\/run is the run of process \d+ on elsewhere, since /),
    ])
    expect(existsSync(path('lock'))).toBe(true)
  })

  test('a process whose run was taken over writes nothing more', async () => {
    const onEvent = (event: RunEvent): void => {
      if (event.kind !== 'step' || event.line.step !== 5) return
      // another file, which the pulse of this process does not reach
      rmSync(path('lock'))
      writeFileSync(path('lock'), JSON.stringify(owner))
    }
    expect(await run({ onEvent })).toEqual([
      `run/lock-lost: <folder>/run was taken over by process ${process.pid} on ${hostname()}, since ${owner.since}`,
    ])
    expect(readdirSync(path('checkpoints'))).toEqual(['first-4'])
    expect(JSON.parse(readFileSync(path('lock'), 'utf8'))).toEqual(owner)
  })

  test('a run that cannot begin leaves no folder', async () => {
    const [problem] = (await run({ openDataset: async () => points(0) })) as readonly string[]
    expect(problem).toMatch(/^run\/data-empty/)
    expect(existsSync(path())).toBe(false)
  })
})

describe('a folder that something else has changed makes nothing be read or written outside of it', () => {
  /** A state that says that it is whole. */
  const reseal = (change: (state: Record<string, unknown>) => void): void => {
    const file = path('checkpoints/first-8/state.json')
    const state = unseal(readFileSync(file, 'utf8')) as Record<string, unknown>
    change(state)
    writeFileSync(file, seal(state))
  }
  beforeEach(async () => {
    await run()
    killedAt(8)
    mkdirSync(join(folder, 'outside'))
    writeFileSync(join(folder, 'outside/file'), 'untouched')
  })
  const untouched = (): void => {
    expect(readdirSync(join(folder, 'outside'))).toEqual(['file'])
    expect(readFileSync(join(folder, 'outside/file'), 'utf8')).toBe('untouched')
  }

  test.each(['../../../outside/file', '/../../../../outside/file', 'a/../../../../outside/file'])(
    'by a file %s of a checkpoint',
    async (name) => {
      reseal((state) => {
        state['files'] = { [name]: { bytes: 9, crc32: 0 } }
      })
      const [problem] = (await run({ resume: true })) as readonly string[]
      expect(problem).toMatch(/^file\/outside: /)
      untouched()
    },
  )

  test.each(['../../outside', '..', 'a/b'])('by a stage %s of a checkpoint', async (stage) => {
    reseal((state) => {
      state['stage'] = stage
    })
    expect(await run({ resume: true })).toBe('done')
    expect(warnings()).toEqual([expect.stringMatching(/^run\/checkpoint-damaged: /)])
    untouched()
    isWhole()
  })

  test.each([
    'metrics.jsonl',
    'eval.json',
    eventsFile,
    'checkpoints',
    'initial',
    'checkpoints/first-8/line.safetensors',
  ])('by a link in the place of %s', async (name) => {
    rmSync(path(name), { recursive: true, force: true })
    const to = name.includes('.') ? 'outside/file' : 'outside'
    symlinkSync(join(folder, to), path(name))
    expect(await run({ resume: true })).toEqual([
      `run/link-out: <folder>/run/${name} is a link to <folder>/${to}, outside of the run`,
    ])
    untouched()
  })
})

describe('checkpoints that no clause asks for', () => {
  const plain = regression({ steps: 12 })
  const saved = (): readonly number[] => events.flatMap((e) => (e.kind === 'checkpoint' ? [e.step] : []))

  test('come with time, and the newest two stay', async () => {
    expect(await run({ saveMinutes: 0 }, plain)).toBe('done')
    expect(saved()).toEqual(Array.from({ length: 12 }, (_, k) => k + 1))
    expect(readdirSync(path('checkpoints')).sort()).toEqual(['first-11', 'first-12'])
    isWhole()
  })

  test('come when asked for, by a signal or by a file', async () => {
    const saveRequests = new SaveRequests()
    let files = 0
    const onEvent = (event: RunEvent): void => {
      events.push(event)
      if (event.kind !== 'step') return
      if (event.line.step === 3) saveRequests.count++
      if (event.line.step === 7) appendFileSync(path('save'), '')
      if (event.line.step > 3) files += Number(existsSync(path('save')))
    }
    expect(await run({ saveRequests, onEvent }, plain)).toBe('done')
    const [first = 0, second = 0, last, ...more] = saved()
    expect([first >= 3 && first <= 6, second >= 7 && second <= 10, last, more]).toEqual([true, true, 12, []])
    expect(files).toBeGreaterThan(0)
    expect(existsSync(path('save'))).toBe(false)
  })

  test('are left out with a warning where the disk has no room for them', async () => {
    room = 1000
    const onEvent = (event: RunEvent): void => {
      events.push(event)
      if (event.kind === 'step' && event.line.step === 10) room = Infinity
    }
    expect(await run({ saveMinutes: 1e-9, onEvent }, plain)).toBe('done')
    expect(warnings()[0]).toBe(
      'run/disk-low: no checkpoint at step 1: a checkpoint takes 1.05 MB, and 1.00 kB are free on the disk of <folder>/run',
    )
    expect(weights()).toBe(whole.weights)
  })

  test('one that cannot be left out ends the run before any of it is written', async () => {
    const onEvent = (event: RunEvent): void => {
      if (event.kind === 'step' && event.line.step === 5) room = 500
    }
    expect(await run({ onEvent })).toEqual([
      'run/disk-full: a checkpoint takes 1.05 MB, and 500 B are free on the disk of <folder>/run',
    ])
    expect(readdirSync(path('checkpoints'))).toEqual(['first-4'])
    room = Infinity
    expect(await run({ resume: true })).toBe('done')
    isWhole()
  })
})

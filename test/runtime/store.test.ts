import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Artefact } from '../../src/artefact/manifest.js'
import type { RunEvent } from '../../src/runtime/events.js'
import { Lease } from '../../src/runtime/lease.js'
import { tableIn } from '../../src/report/evaluation-table.js'
import { seal, unseal } from '../../src/sealed.js'
import { sumsIn } from '../../src/runtime/sums.js'
import { type RunOptions, runPipeline } from '../../src/runtime/run.js'
import { StageStore } from '../../src/runtime/store/stage-store.js'
import { compileText } from '../parity/harness.js'
import { points, regression } from './regression.js'

/*
 * Aim: a stage with an equal key is trained once, whoever asks, and the run that takes it is the one that would have
 * trained it, bit for bit; with another key it is trained. Equal bits are what an equal key promises, so each case
 * compares the weights of two runs of which one may take from the other.
 */

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'dcrc-'))))
afterEach(() => rmSync(folder, { recursive: true }))

const alone: RunOptions = {}

interface Ran {
  readonly trained: readonly string[]
  readonly taken: readonly string[]
  readonly warned: readonly string[]
  readonly status: string
}

/** With a store, unless it is `alone`. */
async function run(to: string, artefact: Artefact, extra: RunOptions = {}): Promise<Ran> {
  const events: RunEvent[] = []
  const { status } = await runPipeline(artefact, {
    root: folder,
    runDir: join(folder, to),
    ...(extra === alone ? {} : { store: new StageStore(join(folder, 'store')) }),
    ...extra,
    onEvent: (event) => {
      events.push(event)
      extra.onEvent?.(event)
    },
  })
  const stages = (kind: 'stage' | 'taken') =>
    events.flatMap((event) => (event.kind === kind && 'stage' in event ? [event.stage ?? ''] : []))
  return {
    status,
    trained: stages('stage'),
    taken: stages('taken'),
    warned: events.flatMap((event) => (event.kind === 'warning' ? [event.diagnostic.code] : [])),
  }
}

/** All that a run leaves of its training and measuring, but for when and how long. */
function outcome(of: string): Readonly<Record<string, unknown>> {
  const at = (...names: string[]): string => join(folder, of, ...names)
  const files = readdirSync(at('checkpoints'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.safetensors'))
    .sort()
  const lines = readFileSync(at('metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { step_ms: _step, data_ms: _data, ...rest } = JSON.parse(line) as Record<string, unknown>
      return rest
    })
  return {
    files: files.map((name) => [name, readFileSync(at('checkpoints', name)).toString('base64')]),
    lines,
    evaluations: tableIn(readFileSync(at('eval.json'), 'utf8')),
  }
}

/** The folders of the stages that are stored. */
const stored = (): readonly string[] => {
  const store = join(folder, 'store')
  return readdirSync(store).flatMap((name) => (/^[0-9a-f]{64}$/.test(name) ? [join(store, name)] : []))
}

/** Turns a bit over in the middle of a file; of its own, not of the run that it shares it with. */
function flip(file: string): void {
  const bytes = readFileSync(file)
  const at = Math.floor(bytes.length / 2)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  rmSync(file)
  writeFileSync(file, bytes)
}

interface Change {
  readonly steps?: number
  readonly target?: string
  readonly second?: string
  readonly monitor?: string
  readonly from?: string
  readonly note?: string
}

/** Two stages of two models; the second reads what the first trains. */
const walk = ({ steps = 6, target = '1.0', second = '', monitor = '', from = '', note = '' }: Change = {}) =>
  compileText(
    `
module Vector() {
  value: float[3] = normal(std = 1.0)
  fn forward() = value
}
// ${note}
pipeline walk {
  model a = Vector()${from}
  model b = Vector()
  let noise = draw normal of [3]
  stage first {
    train a
    minimize mean((a.value + noise - ${target}) ** 2)
    optimizer adamw(lr = 0.1)
    steps ${steps}
    ${monitor}
  }
  stage second {
    train b
    minimize mean((b.value - stop_gradient(a.value)) ** 2)
    optimizer sgd(lr = 0.3)
    steps 4
    ${second}
  }
  evaluate size = average(value = mean(b.value + a.value), batches = 1)
  export b
}`,
  )

describe('a stage of the store', () => {
  test('is taken by another run, which ends as one that trains', async () => {
    expect(await run('one', walk())).toMatchObject({
      status: 'done',
      trained: ['first', 'second'],
      taken: [],
    })
    const other = walk({ note: 'a comment', monitor: '' })
    expect(await run('two', other)).toMatchObject({ status: 'done', trained: [], taken: ['first', 'second'] })
    expect(outcome('two')).toEqual(outcome('one'))
    await run('alone', walk(), alone)
    expect(outcome('two')).toEqual(outcome('alone'))
  })

  test('is shared as far as pipelines agree', async () => {
    await run('one', walk())
    const other = walk({ second: 'clip_norm 0.1' })
    expect(await run('two', other)).toMatchObject({ trained: ['second'], taken: ['first'] })
    await run('alone', other, alone)
    expect(outcome('two')).toEqual(outcome('alone'))
  })

  const seedOf = (seed: number): RunOptions => ({ seed })
  test.each([
    ['another seed', walk(), seedOf(1)],
    ['fewer steps', walk(), { steps: 3 }],
    ['another loss', walk({ target: '2.0' }), {}],
    ['more steps', walk({ steps: 7 }), {}],
  ])('is not taken with %s', async (_, artefact, extra) => {
    await run('one', walk())
    expect(await run('two', artefact, extra)).toMatchObject({ trained: ['first', 'second'], taken: [] })
  })

  test('is not taken by a run that would have ended with an error', async () => {
    const away = (guard: string): Artefact => walk({ target: '100.0', monitor: guard })
    await run('one', away(''))
    const guarded = away('stop when loss > 1.0 for 2 steps')
    expect(await run('two', guarded)).toMatchObject({ status: 'failed', trained: ['first'], taken: [] })
    const held = away('stop when loss > 1_000_000.0 for 2 steps')
    expect(await run('three', held)).toMatchObject({ status: 'done', trained: ['first', 'second'] })
    expect(await run('four', held)).toMatchObject({ status: 'done', trained: [], taken: ['first', 'second'] })
  })

  test('is not taken when the content of its weights is another, under the same name', async () => {
    await run('source', walk(), alone)
    const given = join(folder, 'source', 'checkpoints', 'first-6', 'a.safetensors')
    const weights = join(folder, 'a.safetensors')
    cpSync(given, weights)
    const artefact = walk({ from: ' from "a.safetensors"' })
    await run('one', artefact)
    expect(await run('two', artefact)).toMatchObject({ taken: ['first', 'second'] })
    const bytes = readFileSync(weights)
    bytes[bytes.length - 2] = (bytes[bytes.length - 2] ?? 0) ^ 1
    writeFileSync(weights, bytes)
    expect(await run('three', artefact)).toMatchObject({ trained: ['first', 'second'], taken: [] })
    await run('alone', artefact, alone)
    expect(outcome('three')).toEqual(outcome('alone'))
    expect(outcome('three')).not.toEqual(outcome('one'))
  })

  test('is not taken when its data has another content', async () => {
    const dataOf = (n: number): RunOptions => ({
      openDataset: async () => points(n),
      measure: async () => ({}),
    })
    const artefact = regression({ stages: ['first', 'second'] })
    await run('one', artefact, dataOf(10))
    expect(await run('two', artefact, dataOf(10))).toMatchObject({ taken: ['first', 'second'] })
    expect(await run('three', artefact, dataOf(11))).toMatchObject({ trained: ['first', 'second'] })
  })

  test('is trained again for a series that it has not recorded, to the same bits', async () => {
    await run('one', walk())
    const watched = walk({ monitor: 'monitor size = mean(a.value) every 2' })
    expect(await run('two', watched)).toMatchObject({ trained: ['first'], taken: ['second'], warned: [] })
    expect(await run('three', watched)).toMatchObject({ trained: [], taken: ['first', 'second'] })
    expect(outcome('three')).toEqual(outcome('two'))
    expect(outcome('two')['files']).toEqual(outcome('one')['files'])
    // what has more series than asked for is taken too
    expect(await run('four', walk())).toMatchObject({ taken: ['first', 'second'] })
    // what was recorded before stays: each of two series is trained for once
    const other = walk({ monitor: 'monitor size = max(a.value) every 3' })
    expect(await run('five', other)).toMatchObject({ trained: ['first'], warned: [] })
    for (const [to, asked] of Object.entries({ six: watched, seven: other }))
      expect(await run(to, asked)).toMatchObject({ trained: [], taken: ['first', 'second'] })
    expect(outcome('six')).toEqual(outcome('two'))
    expect(outcome('seven')).toEqual(outcome('five'))
  })

  test('whose training gives other bits than the stored ones is told', async () => {
    await run('one', walk())
    for (const stage of stored()) {
      if (!existsSync(join(stage, 'checkpoint', 'a.safetensors'))) continue
      flip(join(stage, 'checkpoint', 'a.safetensors'))
      // a whole checkpoint, of another machine
      const file = join(stage, 'checkpoint', 'state.json')
      const state = unseal(readFileSync(file, 'utf8')) as object
      rmSync(file)
      const { 'state.json': _own, ...files } = await sumsIn(join(stage, 'checkpoint'))
      writeFileSync(file, seal({ ...state, files }))
    }
    const watched = walk({ monitor: 'monitor size = mean(a.value) every 2' })
    expect(await run('two', watched)).toMatchObject({
      trained: ['first'],
      warned: ['store/not-reproduced'],
    })
  })

  test('that is not whole is trained', async () => {
    await run('one', walk())
    for (const stage of stored()) rmSync(join(stage, 'checkpoint', 'optimizer.safetensors'))
    expect(await run('two', walk())).toMatchObject({
      trained: ['first', 'second'],
      taken: [],
      warned: ['store/damaged', 'store/damaged'],
    })
    expect(await run('three', walk())).toMatchObject({ trained: [], taken: ['first', 'second'], warned: [] })
  })

  test.each(['stage.json', 'metrics-0.jsonl', 'checkpoint/state.json', 'checkpoint/optimizer.safetensors'])(
    'is named and trained again where a bit of %s has turned over',
    async (name) => {
      await run('one', walk())
      for (const stage of stored()) flip(join(stage, name))
      expect(await run('two', walk())).toMatchObject({
        trained: ['first', 'second'],
        taken: [],
        warned: ['store/damaged', 'store/damaged'],
      })
      expect(outcome('two')).toEqual(outcome('one'))
      expect(await run('three', walk())).toMatchObject({ taken: ['first', 'second'], warned: [] })
      expect(outcome('three')).toEqual(outcome('one'))
    },
  )

  test('of another version is trained again and replaced', async () => {
    await run('one', walk())
    for (const stage of stored()) {
      const record = unseal(readFileSync(join(stage, 'stage.json'), 'utf8')) as object
      rmSync(join(stage, 'stage.json'))
      writeFileSync(join(stage, 'stage.json'), seal({ ...record, version: 1 }))
    }
    const told: string[] = []
    const onEvent: RunOptions['onEvent'] = (event) =>
      event.kind === 'warning' && told.push(event.diagnostic.message)
    const ran = await run('two', walk(), { onEvent })
    expect(ran).toMatchObject({ trained: ['first', 'second'], warned: ['store/damaged', 'store/damaged'] })
    expect(told[0]).toContain('stage.json is of another version of dcrc')
    expect(outcome('two')).toEqual(outcome('one'))
    expect(await run('three', walk())).toMatchObject({ taken: ['first', 'second'], warned: [] })
  })

  test('that was on its way in when its process was killed is taken away, of one that goes on not', async () => {
    const part = (key: string): string => join(folder, 'store', `${key}.${key}.part`)
    for (const key of ['killed', 'going']) mkdirSync(join(part(key), 'checkpoint'), { recursive: true })
    const going = Lease.take(join(folder, 'store', 'going.lease'))
    expect(await run('one', walk())).toMatchObject({ trained: ['first', 'second'], warned: [] })
    expect([existsSync(part('killed')), existsSync(part('going'))]).toEqual([false, true])
    if (going instanceof Lease) going.release()
  })

  test('whose lines of metrics are damaged is trained', async () => {
    await run('one', walk())
    for (const stage of stored()) {
      const file = join(stage, 'metrics-0.jsonl')
      writeFileSync(file, readFileSync(file, 'utf8').slice(0, -9))
    }
    expect(await run('two', walk())).toMatchObject({
      trained: ['first', 'second'],
      taken: [],
      warned: ['store/damaged', 'store/damaged'],
    })
  })

  test('is trained once by runs that go on at the same time', async () => {
    const ran = await Promise.all(['a', 'b', 'c'].map((to) => run(to, walk({ steps: 60 }))))
    expect(ran.flatMap(({ trained }) => trained).sort()).toEqual(['first', 'second'])
    expect(ran.flatMap(({ taken }) => taken).sort()).toEqual(['first', 'first', 'second', 'second'])
    expect(outcome('b')).toEqual(outcome('a'))
    expect(outcome('c')).toEqual(outcome('a'))
  })

  test('that a run broke off is trained by the next', async () => {
    const controller = new AbortController()
    const stopped = await run('one', walk({ steps: 60 }), {
      signal: controller.signal,
      onEvent: (event) => event.kind === 'step' && event.line.step === 5 && controller.abort(),
    })
    expect(stopped).toMatchObject({ status: 'stopped' })
    expect(await run('two', walk({ steps: 60 }))).toMatchObject({ trained: ['first', 'second'] })
    expect(await run('one', walk({ steps: 60 }), { resume: true })).toMatchObject({
      taken: ['first', 'second'],
    })
    expect(outcome('one')['lines']).toEqual(outcome('two')['lines'])
  })
})

describe('a lease', () => {
  const file = (): string => join(folder, 'lease')
  const write = (holder: object): void => writeFileSync(file(), JSON.stringify(holder))
  const holder = { pid: process.pid, host: hostname(), since: '', token: 'x' }

  test('is held by one at a time', () => {
    const first = Lease.take(file())
    expect(first).toBeInstanceOf(Lease)
    expect(Lease.take(file())).toMatchObject({ pid: process.pid, host: hostname() })
    if (first instanceof Lease) first.release()
    const second = Lease.take(file())
    expect(second).toBeInstanceOf(Lease)
    if (second instanceof Lease) second.release()
    expect(readdirSync(folder)).toEqual([])
  })

  test.each([
    ['a process that has ended', { ...holder, pid: 2 ** 22 + 1 }, true],
    ['another machine that was heard of just now', { ...holder, host: 'elsewhere', pid: 1 }, false],
    ['another machine that was silent for two minutes', { ...holder, host: 'elsewhere', pid: 1 }, true, 120],
    ['this process', holder, false],
    ['a process of this number that was silent for two minutes', holder, true, 120],
  ])('of %s', (_, held, free, silent = 0) => {
    write(held)
    const heard = Date.now() / 1000 - silent
    utimesSync(file(), heard, heard)
    const lease = Lease.take(file())
    expect(lease instanceof Lease).toBe(free)
    if (lease instanceof Lease) lease.release()
  })

  test.runIf(process.platform === 'linux')('of a process that is busy is not taken from it', async () => {
    const module = JSON.stringify(new URL('../../src/runtime/lease.ts', import.meta.url).href)
    const text = `import(${module}).then(({ Lease }) => {
      Lease.take(${JSON.stringify(file())})
      process.send('taken')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    })`
    const busy = spawn(process.execPath, ['--import', 'tsx', '-e', text], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const ended = once(busy, 'exit')
    try {
      await Promise.race([once(busy, 'message'), ended])
      const heard = Date.now() / 1000 - 120
      utimesSync(file(), heard, heard)
      expect(Lease.take(file())).toMatchObject({ pid: busy.pid })
    } finally {
      busy.kill('SIGKILL')
      await ended
    }
    const lease = Lease.take(file())
    expect(lease).toBeInstanceOf(Lease)
    if (lease instanceof Lease) lease.release()
  })
})

import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isMemoryFault } from '../../src/faults/memory-fault.js'
import type { Executor } from '../../src/runtime/executors/executor.js'
import { Cell } from '../../src/runtime/executors/c-api/cell.js'
import { CApiHeldGraph } from '../../src/runtime/executors/c-api/held-graph.js'
import { Library, LibraryUnusable, openLibrary } from '../../src/runtime/executors/c-api/library.js'
import { Session } from '../../src/runtime/executors/c-api/session.js'
import { hostMemory } from '../../src/runtime/executors/c-api/memory.js'
import { OrtTensor } from '../../src/runtime/executors/c-api/tensor.js'
import { executorOf } from '../../src/runtime/executors/load.js'
import { type ExecutorName, executorNames } from '../../src/runtime/executors/names.js'
import { readProfile } from '../../src/runtime/profile.js'
import { type RunOptions, runPipeline } from '../../src/runtime/run.js'
import { compileText } from '../parity/harness.js'
import { leftBy } from './left-by.js'

/*
 * Aim: the executors give the same bits, whatever a stage is made of, also where one goes on with what the other has
 * left; they tell the same of what goes wrong; and nothing in the C API is used after it is gone.
 */

/** A batch normalization, a copy and a queue as states; micro-batches, an average, a monitor on some steps. */
const states = compileText(`
use std.nn { BatchNorm1d, Linear }
module Net {
  first = Linear(3, 4)
  bn = BatchNorm1d(4)
  fn forward(x) = bn(first(x))
}
pipeline carried {
  model net = Net()
  state teacher = copy(net)
  state queue: f32[6, 4] = normal()
  let x = draw normal of [5, 3]
  let keys = teacher(x)
  loss far = mean(square(net(x) - keys)) + mean(square(net(2.0 * x))) + mean(queue)
  next queue = concat([queue[5:], keys], axis = 0)
  next teacher = 0.9 * teacher + 0.1 * net after update
  stage learn {
    train net
    minimize far
    optimizer adamw(lr = 0.05)
    steps 4
    accumulate 4
    ema 0.9
    monitor seen = mean(net(x)) every 2
    allow "stage/coupled-accumulation" "on purpose"
  }
  stage after { train net.first; minimize far; optimizer sgd(lr = 0.1); steps 2 }
  evaluate seen = pictures(original = reshape(net(ones([3, 3])), [1, 3, 2, 2]))
  export net, teacher
}`)

/** Two updates on one state, one of them twice a round, the other on two micro-batches. */
const game = compileText(`
module Number(start: float) { value: float[] = constant(start); fn forward() = value }
pipeline pull {
  model a = Number(0.5)
  model b = Number(-0.25)
  let seen = draw normal of [3]
  stage play {
    steps 5
    update first {
      times 2
      train a
      minimize mean(square(a.value * seen - b.value))
      optimizer sgd(lr = 0.05, momentum = 0.5)
    }
    update second {
      train b
      minimize mean(square(a.value * seen - 2.0 * b.value))
      optimizer adamw(lr = 0.1)
      accumulate 2
      ema 0.5
    }
    monitor between = a.value - b.value every 2
  }
  export a, b
}`)

/** The loss is finite about every second time. */
const skipping = compileText(`
module Number() { value: float[] = zeros; fn forward() = value }
pipeline drawn {
  model a = Number()
  state count: f32[] = zeros()
  next count = count + 1.0
  stage drawn {
    train a
    minimize -a.value + 0.0 * log(0.5 - draw uniform(low = 0.0, high = 1.0) of []) + 0.0 * count
    optimizer adamw(lr = 1.0)
    steps 12
    on_nonfinite "skip"
  }
  export a
}`)

const pipelines = { states, game, skipping }

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'dcrc-executors-'))))
afterEach(() => rmSync(folder, { recursive: true }))

const run = (artefact: typeof states, to: string, options: RunOptions) =>
  runPipeline(artefact, { root: folder, runDir: join(folder, to), threads: 1, seed: 3, ...options })

test.each(Object.entries(pipelines))(
  '%s: both leave the same, and each goes on with what the other has left',
  async (_, artefact) => {
    const left = async (to: string, ...parts: readonly RunOptions[]) => {
      for (const options of parts) expect((await run(artefact, to, options)).status).toBe('done')
      return Object.fromEntries(
        Object.entries(leftBy(join(folder, to))).filter(([name]) => !/-2\//.test(name)),
      )
    }
    const whole = await left('whole', { executor: 'binding' })
    expect(Object.keys(whole).length).toBeGreaterThan(5)
    expect(await left('other', { executor: 'c-api' })).toEqual(whole)
    for (const [first, then] of [
      ['binding', 'c-api'],
      ['c-api', 'binding'],
    ] as const) {
      const begun = { executor: first, steps: 2 }
      expect(await left(first, begun, { executor: then, resume: true })).toEqual(whole)
    }
  },
)

test('the first expression that was not finite is the same, with what it read', async () => {
  const artefact = compileText(`
module Number() { value: float[] = constant(1.0); fn forward() = value }
pipeline grow {
  model a = Number()
  stage grow {
    train a
    minimize mean(log(a.value - draw uniform(low = 0.0, high = 0.1) of [3]))
    optimizer sgd(lr = 0.3)
    steps 40
    accumulate 2
    save_every 1
  }
  export a
}`)
  const told = await Promise.all(
    executorNames.map(async (executor) => {
      const result = await run(artefact, executor, { executor })
      if (result.status !== 'failed') throw new Error(`it is ${result.status}`)
      return result.diagnostics.map((d) => ({ ...d, why: d.why?.replaceAll(executor, 'run'), help: '' }))
    }),
  )
  expect(told[0]?.map(({ code }) => code)).toEqual(['run/not-finite'])
  expect(told[1]).toEqual(told[0])
  expect(leftBy(join(folder, 'c-api'))).toEqual(leftBy(join(folder, 'binding')))
})

test('a profile is of the same nodes', async () => {
  for (const executor of executorNames) await run(game, executor, { executor, profile: true })
  const [binding, cApi] = executorNames.map((name) => {
    expect(readdirSync(join(folder, name, 'profile')).length).toBeGreaterThan(3)
    return readProfile(join(folder, name), game.manifest)
      .map(({ place, operators, bytes, flops }) => ({
        place,
        operators: [...operators].sort(),
        bytes,
        flops,
      }))
      .sort((a, b) => String(a.place).localeCompare(String(b.place)))
  })
  expect(binding?.length).toBeGreaterThan(2)
  expect(cApi).toEqual(binding)
})

describe('what onnxruntime refuses', () => {
  const settings = (executor: ExecutorName) => ({ target: 'cpu', executor, root: '/', threads: 1 })
  const step = game.manifest.stages[0]?.updates[0]?.graphs.step
  if (!step) throw new Error('no step')
  const bytes = game.files.get(step.file) ?? new Uint8Array()
  const each = (work: (executor: Executor, name: ExecutorName) => Promise<unknown>) =>
    Promise.all(
      executorNames.map(async (name) => {
        const error: unknown = await work(await executorOf(settings(name)), name).catch((e: unknown) => e)
        return error instanceof Error ? error.message : error
      }),
    )

  test('is told in the same words', async () => {
    const [refused, again] = await each((e, n) => e.load(step, new Uint8Array(9), settings(n)))
    expect(refused).toContain(`${step.file}: `)
    expect(again).toBe(refused)
    const [unknown, too] = await each(async (e, n) => {
      const graph = await e.load(step, bytes, settings(n))
      const run = graph.run(({ dtype }) => ({ dtype, shape: [7], data: new Float32Array(7) }))
      return run.finally(() => graph.release())
    })
    expect(unknown).toMatch(/Got invalid dimensions|Invalid rank/)
    expect(too).toBe(unknown)
  })

  test('for want of memory is known as that', async () => {
    const library = await openLibrary()
    const error: unknown = await Promise.resolve()
      .then(() => OrtTensor.room(hostMemory(library), { dtype: 'f32', shape: [2 ** 46] }))
      .catch((e: unknown) => e)
    expect(isMemoryFault(error)).toBe(true)
  })
})

describe('the C API', () => {
  test('is not taken from a library of another version, or from none', async () => {
    const { path } = Library.place()
    await expect(Library.open({ path, version: '1.29.0' })).rejects.toThrow(
      /^the library is onnxruntime 1\.30\.0, the package onnxruntime-node 1\.29\.0$/,
    )
    await expect(Library.open({ path: join(folder, 'none.so'), version: '1.30.0' })).rejects.toThrow(
      LibraryUnusable,
    )
  })

  test('stays loaded when nothing but what it made is held', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const tensor = OrtTensor.room(hostMemory(await Library.open()), { dtype: 'f32', shape: [2, 3] })
    for (let k = 0; k < 5; k++) {
      collect()
      await new Promise((resolve) => setImmediate(resolve))
    }
    tensor.write(Float32Array.of(1, 2, 3, 4, 5, 6))
    expect([...tensor.read().data]).toEqual([1, 2, 3, 4, 5, 6])
    tensor.release()
  })

  test('never writes a next value where a run reads', async () => {
    const library = await openLibrary()
    const memory = hostMemory(library)
    const cell = new Cell(memory, { dtype: 'f32', shape: [2] })
    cell.set(Float32Array.of(1, 2))
    const rooms = new Set<OrtTensor>()
    for (const then of ['advance', 'advance', 'advance', 'commit', 'advance', 'drop', 'commit'] as const) {
      const [read, room] = [cell.current, cell.free()]
      expect(room).not.toBe(read)
      expect(room).not.toBe(cell.state)
      rooms.add(room)
      cell.next = room
      cell[then]()
    }
    expect(rooms.size).toBe(3)
    cell.release()

    const [update] = game.manifest.stages[0]?.updates ?? []
    const spec = update?.graphs.step
    if (!spec) throw new Error('no step')
    const settings = { target: 'cpu', root: '/', threads: 1 }
    const session = await Session.create(
      library,
      spec,
      game.files.get(spec.file) ?? new Uint8Array(),
      settings,
    )
    const one = OrtTensor.room(memory, { dtype: 'f32', shape: [] })
    const careless = new Cell(memory, { dtype: 'f32', shape: [] })
    careless.free = () => one
    const graph = new CApiHeldGraph(spec, session, {
      memory,
      read: () => one,
      cell: () => careless,
      begin: () => undefined,
    })
    await expect(graph.run(() => null)).rejects.toThrow('would be written where it is read')
    graph.release()
    one.release()
  })
})

import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { draw, drawKey } from '../../src/runtime/draws.js'
import { Permutations } from '../../src/runtime/order/permutations.js'
import { type RunOptions, runPipeline } from '../../src/runtime/run.js'
import { openSafetensors, readTensor } from '../../src/weights/safetensors.js'
import { compileText } from '../parity/harness.js'

/*
 * Aim: in a round each execution of an update has the batch that comes next and draws of its own, its optimizer's state
 * is its own and parameters are common; and a run that ends anywhere in a round goes on bit for bit.
 */

const rows = 7
const [rounds, times, batch, seed] = [6, 2, 3, 3]

/** Two numbers that pull each other; one row of the data is `digit`. */
const artefact = compileText(`
module Number(start: float) {
  value: float[] = constant(start)
  fn forward() = value
}
pipeline pull {
  data digits = mnist(split = "train", size = 8) rows ${batch} { digit: i64[] = digit }
  model a = Number(0.5)
  model b = Number(-0.25)
  let seen = 0.1 * cast(digits.digit, f32) + draw normal of [${batch}]
  stage play {
    steps ${rounds}
    save_every 2
    update first {
      times ${times}
      train a
      minimize mean(square(a.value * seen - b.value))
      optimizer sgd(lr = 0.05, momentum = 0.5)
      schedule cosine(warmup = 3)
    }
    update second {
      train b
      minimize mean(square(a.value * seen - 2.0 * b.value))
      optimizer sgd(lr = 0.1)
      accumulate 2
      ema 0.5
    }
    monitor between = a.value - b.value every 2
  }
  export b
}`)

const digit = (index: number): number => (index * 3) % 10

/** The data; from a number of rows read on, `instead` says what a row is. */
function digits(after = Infinity, instead?: () => bigint) {
  let read = 0
  return async () => ({
    length: rows,
    fingerprint: 'digits',
    row: (index: number) => {
      const value = read++ >= after && instead ? instead() : BigInt(digit(index))
      return { digit: BigInt64Array.of(value) }
    },
  })
}

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dcrc-'))
  expect((await run('whole')).status).toBe('done')
})
afterAll(() => rmSync(folder, { recursive: true }))

const run = (to: string, options: RunOptions = {}) =>
  runPipeline(artefact, {
    root: folder,
    runDir: join(folder, to),
    threads: 1,
    seed,
    openDataset: digits(),
    ...options,
  })

interface Line {
  readonly step: number
  readonly updates: Readonly<Record<string, { loss: number; lr: number; grad_norm: number }>>
  readonly monitors: Readonly<Record<string, number>>
}

const lines = (of: string): readonly Line[] =>
  readFileSync(join(folder, of, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((text) => {
      const { step, updates, monitors } = JSON.parse(text) as Line
      return { step, updates, monitors }
    })

const files = (of: string, step: number): Readonly<Record<string, string>> => {
  const directory = join(folder, of, 'checkpoints', `play-${step}`)
  return Object.fromEntries(
    readdirSync(directory).map((name) => [name, readFileSync(join(directory, name)).toString('base64')]),
  )
}

/** What a step computes, in float64: gradients by hand. */
function reference() {
  const order = new Permutations(seed, 'digits', rows)
  let [a, b, velocity, average, taken] = [0.5, -0.25, 0, -0.25, 0]
  const seen = (update: string, step: number, micro: number): number[] => {
    const noise = new Float32Array(batch)
    draw({ kind: 'normal' }, [batch], { key: drawKey(seed, `play/${update}`, 'seen'), step, micro }, noise)
    return Array.from(noise, (z) => 0.1 * digit(order.row(taken++)) + z)
  }
  const mean = (values: readonly number[]): number => values.reduce((x, y) => x + y, 0) / values.length
  const found: { first: number; second: number; rate: number; a: number; b: number; average: number }[] = []
  for (let round = 1; round <= rounds; round++) {
    let [first, rate] = [0, 0]
    for (let k = 1; k <= times; k++) {
      const step = (round - 1) * times + k
      const values = seen('first', step, 0)
      first = mean(values.map((s) => (a * s - b) ** 2))
      velocity = 0.5 * velocity + mean(values.map((s) => 2 * (a * s - b) * s))
      rate = 0.05 * cosine(step, rounds * times)
      a -= rate * velocity
    }
    const micros = [0, 1].map((micro) => seen('second', round, micro))
    const second = mean(micros.map((values) => mean(values.map((s) => (a * s - 2 * b) ** 2))))
    b -= 0.1 * mean(micros.map((values) => mean(values.map((s) => -4 * (a * s - 2 * b)))))
    average = 0.5 * average + 0.5 * b
    found.push({ first, second, rate, a, b, average })
  }
  return found
}

/** Up over three steps, then half a cosine that would be 0 one step after the last. */
const cosine = (step: number, steps: number): number =>
  step < 4 ? step / 3 : 0.5 * (1 + Math.cos((Math.PI * (step - 4)) / (steps - 3)))

const numberIn = async (file: string, name: string): Promise<number> => {
  const tensor = (await openSafetensors(file)).tensors.get(name)
  if (!tensor) throw new Error(`${file} has no ${name}`)
  return new Float32Array(await readTensor(tensor))[0] ?? NaN
}

describe('a stage of rounds', () => {
  test('is what its equations say', async () => {
    const expected = reference()
    const got = lines('whole')
    expect(got.map(({ step }) => step)).toEqual(expected.map((_, k) => k + 1))
    for (const [k, { first, second, rate }] of expected.entries()) {
      const { updates } = got[k] ?? expect.fail()
      expect(updates['first']?.loss).toBeCloseTo(first, 5)
      expect(updates['second']?.loss).toBeCloseTo(second, 5)
      expect(updates['first']?.lr).toBeCloseTo(rate, 12)
      expect(updates['second']?.lr).toBe(0.1)
    }
    expect(got.map(({ monitors }) => Object.keys(monitors).length)).toEqual([0, 1, 0, 1, 0, 1])
    const { a, b, average } = expected.at(-1) ?? expect.fail()
    // the last update reads its parameters before it steps, and those of the others as they have left them
    expect(got.at(-1)?.monitors['between']).toBeCloseTo(a - (expected.at(-2)?.b ?? NaN), 5)
    const at = join(folder, 'whole', 'checkpoints', `play-${rounds}`)
    expect(await numberIn(join(at, 'a.safetensors'), 'value')).toBeCloseTo(a, 5)
    expect(await numberIn(join(at, 'b.safetensors'), 'value')).toBeCloseTo(b, 5)
    expect(await numberIn(join(at, 'optimizer.safetensors'), 'second/ema/b/value')).toBeCloseTo(average, 5)
    expect(await numberIn(join(folder, 'whole/export/b/model.safetensors'), 'value')).toBeCloseTo(average, 5)
  })

  test('goes on from a checkpoint as if it had never stopped, to the bit', async () => {
    await run('parts', { steps: 2 })
    expect((await run('parts', { resume: true })).status).toBe('done')
    expect(files('parts', rounds)).toEqual(files('whole', rounds))
    expect(lines('parts')).toEqual(lines('whole'))
  })

  const perRound = (times + 2) * batch
  test.each([
    ['before its second execution', 3 * perRound + batch],
    ['between two updates', 3 * perRound + times * batch],
    ['between two micro-batches', 3 * perRound + (times + 1) * batch],
  ])('that dies in a round %s goes on from the one that was saved, to the bit', async (_, after) => {
    const to = `parts-${after}`
    const dies = digits(after, () => {
      throw new Error('the power fails')
    })
    await expect(run(to, { openDataset: dies })).rejects.toThrow('the power fails')
    expect((await run(to, { resume: true })).status).toBe('done')
    expect(files(to, rounds)).toEqual(files('whole', rounds))
    expect(lines(to)).toEqual(lines('whole'))
  })

  test('whose second update is not finite keeps no half of a round', async () => {
    const spoilt = compileText(
      'module Number {\n  value: float[] = constant(0.5)\n  fn forward() = value\n}\n' +
        `pipeline p {
  data digits = mnist(split = "train", size = 8) rows 3 { digit: i64[] = digit }
  model a = Number()
  let seen = exp(cast(digits.digit, f32))
  stage play {
    steps 4
    update first { train a; minimize square(a.value); optimizer sgd(lr = 0.1) }
    update second { train a; minimize mean(a.value * seen); optimizer sgd(lr = 0.0001) }
  }
}`,
    )
    const result = await runPipeline(spoilt, {
      root: folder,
      runDir: join(folder, 'spoilt'),
      threads: 1,
      openDataset: digits(2 * batch, () => 1000n),
    })
    expect(result).toMatchObject({ status: 'failed', diagnostics: [{ code: 'run/not-finite' }] })
    expect(readdirSync(join(folder, 'spoilt')).includes('checkpoints')).toBe(false)
    expect(lines('spoilt').map(({ step }) => step)).toEqual([1, 2])
  })
})

import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { rawBytes } from '../../src/compiler/9-emit/raw.js'
import { type DType, tensor } from '../../src/graph/types.js'
import type { RunEvent } from '../../src/runtime/events.js'
import { type RunOptions, runPipeline } from '../../src/runtime/run.js'
import { openSafetensors, readTensor, writeSafetensors } from '../../src/weights/safetensors.js'
import { compileText } from '../parity/harness.js'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'dcrc-'))))
afterEach(() => rmSync(folder, { recursive: true }))

const at = (...parts: string[]): string => join(folder, ...parts)

/** A frozen model from a file under a trained one; what it gives is exported as it was computed with. */
const pipeline = (as: string, more = '') =>
  compileText(`
use std.nn { Linear }
pipeline narrow {
  model fixed = Linear(3, 2) from "fixed.safetensors"${as === '' ? '' : ` as ${as}`}
  model head = Linear(2, 2)
  let x = draw normal of [4, 3]
  loss far = mean(square(head(fixed(x))))
  stage learn { train head; minimize far; optimizer adamw(lr = 0.01); steps 2 }
  ${more}
  export fixed, head
}`)

const weight = [1.00390625, -0.3333333, 3e-6, 1234.5678, -65000, 0.1]
const bias = [0.7, -1e-8]

async function writeFixed(dtype: DType = 'f32', first = weight[0] ?? 0): Promise<void> {
  const [, ...others] = weight
  await writeSafetensors(at('fixed.safetensors'), [
    { name: 'weight', dtype, shape: [2, 3], content: rawBytes(tensor(dtype, [2, 3], [first, ...others])) },
    { name: 'bias', dtype, shape: [2], content: rawBytes(tensor(dtype, [2], bias)) },
  ])
}

async function valuesIn(file: string): Promise<Record<string, number[]>> {
  const { tensors } = await openSafetensors(file)
  const read = [...tensors].map(async ([name, t]) => [name, [...new Float32Array(await readTensor(t))]])
  return Object.fromEntries(await Promise.all(read)) as Record<string, number[]>
}

type Converting = Extract<RunEvent, { kind: 'converting' }>

/** Runs a pipeline; gives what it converted. */
async function run(
  artefact: ReturnType<typeof compileText>,
  name: string,
  options: RunOptions = {},
): Promise<readonly Converting[]> {
  const converted: Converting[] = []
  const result = await runPipeline(artefact, {
    root: folder,
    threads: 1,
    runDir: at(name),
    onEvent: (event) => event.kind === 'converting' && converted.push(event),
    ...options,
  })
  if (result.status === 'failed') throw new Error(result.diagnostics.map((d) => d.message).join())
  return converted
}

const cached = (): string[] => readdirSync(at('.dcrc/cache/weights')).filter((name) => name !== '.gitignore')
const losses = (name: string): unknown[] =>
  readFileSync(at(name, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { loss: number }).loss)

/** The nearest number with 8 significant bits, of numbers that are not halfway. */
const nearestBfloat16 = (v: number): number => {
  const step = 2 ** (Math.floor(Math.log2(Math.abs(v))) - 7)
  return Math.round(v / step) * step
}

describe('weights `as bf16`', () => {
  test('are rounded once, for all runs and all pipelines, and the file stays as it is', async () => {
    await writeFixed()
    const before = readFileSync(at('fixed.safetensors'))
    const [first, ...others] = await run(pipeline('bf16'), 'a')
    expect(others).toEqual([])
    expect(first).toMatchObject({ as: 'bf16', tensors: 2, bytes: 32, source: at('fixed.safetensors') })
    expect(await run(pipeline('bf16'), 'b')).toEqual([])
    expect(await run(pipeline('bf16', 'let unused = x * 2.0\n  loss other = mean(unused)'), 'c')).toEqual([])
    expect(cached()).toHaveLength(1)
    expect(readFileSync(at('fixed.safetensors')).equals(before)).toBe(true)
    expect(readFileSync(at('.dcrc/cache/weights/.gitignore'), 'utf8')).toBe('*\n')
    const exported = await valuesIn(at('a/export/fixed/model.safetensors'))
    // 1 + 2^-8 is halfway between 1 and 1 + 2^-7, and 1 is even
    expect(exported['weight']).toEqual([1, ...weight.slice(1).map(nearestBfloat16)])
    expect(exported['bias']).toEqual(bias.map(nearestBfloat16))
    expect(losses('a')).toEqual(losses('b'))
  })

  test('give what the rounded weights in f32 give, to the bit', async () => {
    await writeFixed()
    await run(pipeline('bf16'), 'a')
    const rounded = readFileSync(at('a/export/fixed/model.safetensors'))
    writeFileSync(at('fixed.safetensors'), rounded)
    expect(await run(pipeline(''), 'b')).toEqual([])
    expect(losses('b')).toEqual(losses('a'))
    expect(
      readFileSync(at('b/export/head/model.safetensors')).equals(
        readFileSync(at('a/export/head/model.safetensors')),
      ),
    ).toBe(true)
  })

  test('of a file that changed are rounded again, also when its size and time are the same', async () => {
    await writeFixed()
    const time = new Date('2024-01-01T00:00:00Z')
    utimesSync(at('fixed.safetensors'), time, time)
    await run(pipeline('bf16'), 'a')
    const [old] = cached()
    await writeFixed('f32', 2.5)
    utimesSync(at('fixed.safetensors'), time, time)
    expect(await run(pipeline('bf16'), 'b')).toHaveLength(1)
    expect((await valuesIn(at('b/export/fixed/model.safetensors')))['weight']?.[0]).toBe(2.5)
    expect(cached()).toHaveLength(1)
    expect(cached()).not.toContain(old)
  })

  test('are rounded again where the converted file is cut off or gone', async () => {
    await writeFixed()
    await run(pipeline('bf16'), 'a')
    const [name = ''] = cached()
    truncateSync(at('.dcrc/cache/weights', name), 20)
    expect(await run(pipeline('bf16'), 'b')).toHaveLength(1)
    rmSync(at('.dcrc/cache/weights', name))
    expect(await run(pipeline('bf16'), 'c')).toHaveLength(1)
    expect(losses('c')).toEqual(losses('a'))
  })

  test('are rounded by runs at the same time, which do not get in the way of each other', async () => {
    await writeFixed()
    const artefact = pipeline('bf16')
    const converted = await Promise.all([run(artefact, 'a'), run(artefact, 'b')])
    expect(converted.map(({ length }) => length)).toEqual([1, 1])
    expect(losses('b')).toEqual(losses('a'))
    expect(cached()).toHaveLength(1)
  })

  test('leave nothing behind of a run that was killed, once that is an hour ago', async () => {
    await writeFixed()
    await run(pipeline('bf16'), 'a')
    const [name = ''] = cached()
    rmSync(at('.dcrc/cache/weights', name))
    const [dead, alive] = [`${name}.99998.part`, `${name}.99999.part`]
    for (const part of [dead, alive]) writeFileSync(at('.dcrc/cache/weights', part), 'part')
    utimesSync(at('.dcrc/cache/weights', dead), new Date(0), new Date(0))
    await run(pipeline('bf16'), 'b')
    expect(cached().sort()).toEqual([name, alive])
  })

  test('without a file start rounded', async () => {
    const artefact = compileText(`
use std.nn { Linear }
pipeline narrow {
  model fixed = Linear(3, 2) as f16
  model head = Linear(2, 2)
  loss far = mean(square(head(fixed(draw normal of [4, 3]))))
  stage learn { train head; minimize far; optimizer adamw(lr = 0.01); steps 1 }
}`)
    expect(await run(artefact, 'a')).toEqual([])
    const { weight: values = [] } = await valuesIn(at('a/initial/fixed.safetensors'))
    // 11 significant bits
    const places = (v: number): number => (v / 2 ** Math.floor(Math.log2(Math.abs(v)))) * 2 ** 10
    expect(values.map(places).every(Number.isInteger)).toBe(true)
    const { weight: exact = [] } = await valuesIn(at('a/initial/head.safetensors'))
    expect(exact.map(places).every(Number.isInteger)).toBe(false)
  })
})

test('weights that f16 cannot hold are named before anything is trained', async () => {
  await writeFixed('f32', 70_000)
  const result = await runPipeline(pipeline('f16'), { root: folder, runDir: at('a') })
  if (result.status !== 'failed') throw new Error(result.status)
  expect(result.diagnostics.map((d) => `${d.code}: ${d.message}`)).toEqual([
    'run/weights-too-large: f16 cannot hold the weights of model `fixed`: `weight` has the value 70000',
  ])
  expect(existsSync(at('a'))).toBe(false)
  expect(cached()).toEqual([])
})

test.each(['f16', 'bf16'] as const)('a file in %s is taken for a model in f32, exactly', async (dtype) => {
  await writeFixed(dtype)
  const converted = await run(pipeline(''), 'a')
  expect(converted.map(({ as, bytes }) => [as, bytes])).toEqual([[null, 32]])
  const exported = await valuesIn(at('a/export/fixed/model.safetensors'))
  const stored = await openSafetensors(at('fixed.safetensors'))
  for (const [name, { shape }] of stored.tensors) {
    // narrowing what was widened gives the stored bytes
    const wide = tensor(dtype, shape, exported[name] ?? [])
    const place = stored.tensors.get(name)
    if (!place) throw new Error(`no tensor ${name}`)
    expect(Buffer.from(rawBytes(wide)).equals(Buffer.from(await readTensor(place)))).toBe(true)
  }
  expect(await run(pipeline(''), 'b')).toEqual([])
})

describe('a stage with `precision`', () => {
  const artefact = compileText(`
use std.nn { Linear }
module Net {
  first = Linear(3, 3)
  last = Linear(3, 2)
  fn forward(x) = last(tanh(first(x)))
}
pipeline masters {
  model net = Net()
  let x = draw normal of [4, 3]
  loss far = mean(square(net(x) - 1.0))
  stage before { train net; minimize far; optimizer adamw(lr = 0.01); steps 2 }
  stage narrow { train net.last; minimize far; optimizer adamw(lr = 1e-6); steps 6; precision bf16; save_every 3 }
  export net
}`)

  test('rounds what it reads of a checkpoint, in the folder of the run', async () => {
    const [converted, ...others] = await run(artefact, 'a')
    expect(others).toEqual([])
    expect(converted).toMatchObject({
      as: 'bf16',
      source: at('a/checkpoints/before-2/net.safetensors'),
    })
    expect(readdirSync(at('a/converted'))).toHaveLength(1)
    expect(existsSync(at('.dcrc'))).toBe(false)
  })

  test('keeps f32 masters, which small updates reach', async () => {
    await run(artefact, 'a')
    const before = await valuesIn(at('a/checkpoints/before-2/net.safetensors'))
    const after = await valuesIn(at('a/checkpoints/narrow-6/net.safetensors'))
    expect(after['first.weight']).toEqual(before['first.weight'])
    // AdamW moves each entry by about the learning rate, far less than a step of bf16
    const moved = after['last.weight']?.map((v, i) => Math.abs(v - (before['last.weight']?.[i] ?? NaN))) ?? []
    for (const distance of moved) {
      expect(distance).toBeGreaterThan(1e-7)
      expect(distance).toBeLessThan(1e-5)
    }
  })

  test('goes on after a stop bit for bit, without converting again', async () => {
    await run(artefact, 'straight')
    const stop = new AbortController()
    await run(artefact, 'a', {
      signal: stop.signal,
      onEvent: (e) => {
        if (e.kind === 'step' && e.line.stage === 'narrow' && e.line.step === 4) stop.abort()
      },
    })
    expect(await run(artefact, 'a', { resume: true })).toEqual([])
    for (const file of ['checkpoints/narrow-6/optimizer.safetensors', 'export/net/model.safetensors'])
      expect(readFileSync(at('a', file)).equals(readFileSync(at('straight', file))), file).toBe(true)
  })
})

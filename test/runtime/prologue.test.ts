import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Artefact } from '../../src/artefact/manifest.js'
import { link } from '../../src/artefact/link.js'
import { prologueResults } from '../../src/runtime/prologue.js'
import { runPipeline } from '../../src/runtime/run.js'
import { openSafetensors, readTensor, writeSafetensors } from '../../src/weights/safetensors.js'
import { fileSystemRoot, location } from '../../src/runtime/weights.js'
import { compileText } from '../parity/harness.js'

/*
 * Aim: what a stage computes of frozen weights alone lies in a file that every run with these weights finds, and the
 * step reads it from there.
 */

/** The gradient by `first` flows through two frozen convolutions, whose flipped weights the prologue makes. */
const text = `
use std.nn { Conv2d }
module Two() {
  a = Conv2d(8, 64, 3)
  b = Conv2d(64, 8, 3)
  fn forward(x) = b(tanh(a(x)))
}
pipeline small {
  model first = Conv2d(3, 8, 1)
  model base = Two() from "base.safetensors"
  let x = draw normal of [2, 3, 6, 6]
  stage s {
    train first
    minimize mean(square(tanh(base(first(x))) - 0.3))
    optimizer sgd(lr = 0.5)
    steps 3
  }
}`
const [outputs, inputs, size] = [64, 8, 3]

let root: string
let artefact: Artefact
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'dcrc-'))
  artefact = compileText(text)
  await writeBase(1)
})
afterEach(() => rmSync(root, { recursive: true }))

const weight = (factor: number): Float32Array =>
  Float32Array.from(
    { length: outputs * inputs * size ** 2 },
    (_, i) => (factor * (((i * 7919) % 1000) - 500)) / 5000,
  )

async function writeBase(factor: number): Promise<void> {
  await writeSafetensors(join(root, 'base.safetensors'), [
    { name: 'a.weight', dtype: 'f32', shape: [outputs, inputs, size, size], content: weight(factor) },
    { name: 'a.bias', dtype: 'f32', shape: [outputs], content: new Float32Array(outputs) },
    { name: 'b.weight', dtype: 'f32', shape: [inputs, outputs, size, size], content: weight(-factor) },
    { name: 'b.bias', dtype: 'f32', shape: [inputs], content: new Float32Array(inputs) },
  ])
}

/** The losses of a run of the name. */
async function losses(name: string): Promise<readonly number[]> {
  const runDir = join(root, name)
  const result = await runPipeline(artefact, { root, runDir })
  expect(result.status).toBe('done')
  const lines = readFileSync(join(runDir, 'metrics.jsonl'), 'utf8').trimEnd().split('\n')
  return lines.map((line) => (JSON.parse(line) as { loss: number }).loss)
}

const cached = (): readonly string[] => {
  const folder = join(root, '.dcrc/cache/prologue')
  return readdirSync(folder)
    .filter((name) => name !== '.gitignore')
    .map((name) => join(folder, name))
}

test('results of the prologue are computed once for all runs with the same weights', async () => {
  const first = await losses('first')
  const [file, ...more] = cached()
  if (file === undefined) throw new Error('no file')
  expect(more).toEqual([])
  const { ino } = statSync(file)
  expect(await losses('second')).toEqual(first)
  expect(cached()).toEqual([file])
  expect(statSync(file).ino).toBe(ino)
})

test('they are what the weights say, and the step reads them', async () => {
  const right = await losses('right')
  const [file = ''] = cached()
  const { tensors } = await openSafetensors(file)
  expect(tensors.size).toBe(2)
  const stored = [...tensors.values()].find(
    (t) => t.shape.includes(outputs) && t.shape.indexOf(inputs) < t.shape.indexOf(outputs),
  )
  if (!stored) throw new Error('no result')
  const flipped = new Float32Array(await readTensor(stored))
  // [outputs, inputs, 3, 3] as [inputs, outputs, 3, 3], backwards in both directions.
  const expected = new Float32Array(flipped.length)
  weight(1).forEach((v, at) => {
    const [o, i, place] = [Math.floor(at / 72), Math.floor(at / 9) % inputs, at % 9]
    expected[(i * outputs + o) * 9 + (8 - place)] = v
  })
  expect(flipped).toEqual(expected)

  const bytes = readFileSync(file)
  bytes.fill(0, stored.offset, stored.offset + stored.length)
  writeFileSync(file, bytes)
  const wrong = await losses('wrong')
  // Without a gradient nothing is learned: only the first loss is the same.
  expect(wrong[0]).toBe(right[0])
  expect(wrong[2]).not.toBe(right[2])
})

test('other weights give other results', async () => {
  const before = await losses('before')
  await writeBase(1.5)
  const after = await losses('after')
  expect(after[0]).not.toBe(before[0])
  expect(cached().length).toBe(2)
})

test('what no run has used for a month is removed', async () => {
  const folder = join(root, '.dcrc/cache/prologue')
  mkdirSync(folder, { recursive: true })
  const [old, recent] = ['old', 'recent'].map((name) => join(folder, `${name}.safetensors`)) as [
    string,
    string,
  ]
  for (const file of [old, recent]) writeFileSync(file, '')
  const month = 31 * 24 * 60 * 60
  utimesSync(old, Date.now() / 1000 - month, Date.now() / 1000 - month)
  await losses('run')
  expect(cached()).not.toContain(old)
  expect(cached()).toContain(recent)
})

/** Computes the results into files, at the same time; gives what these hold. */
async function computed(files: readonly { name: string; atATime?: number }[]): Promise<readonly Buffer[]> {
  const prologue = artefact.manifest.stages[0]?.updates[0]?.graphs.prologue
  const bytes = prologue && artefact.files.get(prologue.file)
  if (!prologue || !bytes) throw new Error('no prologue')
  const { tensors } = await openSafetensors(join(root, 'base.safetensors'))
  const bindings = prologue.parameters.map(({ name, path, dtype }) => {
    const { file, offset, length } = tensors.get(path) ?? {}
    if (file === undefined || offset === undefined || length === undefined) throw new Error(`no ${path}`)
    return [name, { location: location(file), offset, length, dtype }] as const
  })
  const model = link(bytes, new Map(bindings))
  return Promise.all(
    files.map(async ({ name, atATime }) => {
      const file = join(root, 'results', name)
      await prologueResults({ spec: prologue, model, file }, { target: 'cpu', root: fileSystemRoot }, atATime)
      return readFileSync(file)
    }),
  )
}

test('results come out the same when few are computed at a time', async () => {
  const [few, all] = await computed([
    { name: 'few', atATime: 1 },
    { name: 'all', atATime: 1e9 },
  ])
  expect(few).toEqual(all)
})

test('runs that compute results at the same time do not get in the way of each other', async () => {
  const [one, other] = await computed([{ name: 'same' }, { name: 'same' }])
  expect(one).toEqual(other)
  expect(readdirSync(join(root, 'results')).sort()).toEqual(['.gitignore', 'same'])
})

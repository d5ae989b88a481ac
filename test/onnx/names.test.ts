import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { DiskFiles } from '../../src/cli/files.js'
import { type Compilation, compile } from '../../src/compiler/index.js'
import type { Dataset } from '../../src/runtime/sources/dataset.js'
import { runPipeline } from '../../src/runtime/run.js'
import { openSafetensors, readTensor } from '../../src/weights/safetensors.js'
import { fixtureFile } from './fixtures.js'

/*
 * Aim: weights of a file are named as the file names them, in quotes where that is no identifier, and all of them train:
 * also one that stands in a Constant node and one that is called `__proto__`. The file is by test/oracle/onnx_names.py.
 */

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dcrc-'))
  copyFileSync(fixtureFile('onnx_names'), join(folder, 'names.onnx'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const rate = 0.5

function compiled(trained: string, output = '["StatefulPartitionedCall:1"]'): Compilation {
  const text = `pipeline tuned {
  data train = mnist(split = "train", size = 1) rows 2 { x: f32[3, 1, 1] = image }
  model enc = onnx("names.onnx")
  loss l = mean(square(enc(flatten(train.x, 1))${output}))
  stage learn {
    train ${trained}
    minimize l
    optimizer sgd(lr = ${rate})
    steps 1
    ${trained.includes('scale') ? 'allow "onnx/merged-weights" "one scale"' : ''}
  }
  export enc
}
`
  const disk = new DiskFiles(folder)
  const files = {
    read: (path: string) => (path === 'p.dcr' ? text : disk.read(path)),
    binary: disk.binary,
  }
  return compile({ entry: 'p.dcr', files })
}

const rows: readonly (readonly number[])[] = [
  [0.5, -0.25, 1],
  [-1, 0.75, 0.125],
]
const dataset: Dataset = {
  length: 2,
  fingerprint: 'fixture',
  row: (i) => ({ image: Float32Array.from(rows[i] ?? []) }),
}

const start = (count: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.fround(Math.sin(i + 1)))
type Weights = Readonly<Record<'w' | 'bias' | 'scale' | 'kernel', readonly number[]>>
const initial: Weights = { w: start(12), bias: start(4), scale: start(4), kernel: start(8) }

/** The network by hand. */
function loss({ w, bias, scale, kernel }: Weights): number {
  const squares = rows.flatMap((x) => {
    const e = [0, 1, 2, 3].map((j) => {
      const a = x.reduce((sum, v, i) => sum + v * (w[4 * i + j] ?? 0), 0)
      return Math.tanh((a + (bias[j] ?? 0)) * (scale[j] ?? 0)) * (scale[j] ?? 0)
    })
    return [0, 1].map((k) => e.reduce((sum, v, j) => sum + v * (kernel[2 * j + k] ?? 0), 0) ** 2)
  })
  return squares.reduce((sum, v) => sum + v, 0) / squares.length
}

/** One step of gradient descent by central differences. */
const stepped = (name: keyof Weights): readonly number[] =>
  initial[name].map((value, at) => {
    const moved = (by: number): number =>
      loss({ ...initial, [name]: initial[name].map((v, i) => (i === at ? v + by : v)) })
    return value - (rate * (moved(1e-5) - moved(-1e-5))) / 2e-5
  })

const paths: readonly (readonly [keyof Weights, string, string])[] = [
  ['w', 'enc["onnx::MatMul_7"]', 'onnx::MatMul_7'],
  ['bias', 'enc["__proto__"]', '__proto__'],
  ['scale', 'enc.norm.scale', 'norm.scale'],
  ['kernel', 'enc["dense/kernel:0"]', 'dense/kernel:0'],
]

it('each weight is named and trained by its name, and no other', async () => {
  for (const [trained, path] of paths) {
    const { artefact, diagnostics } = compiled(path)
    expect(diagnostics.map(({ message }) => message)).toEqual([])
    if (!artefact) throw new Error('not compiled')
    const runDir = join(mkdtempSync(join(folder, 'run-')), 'run')
    const options = { root: folder, runDir, openDataset: () => Promise.resolve(dataset) }
    expect((await runPipeline(artefact, options)).status).toBe('done')
    const { tensors } = await openSafetensors(join(runDir, 'export/enc/model.safetensors'))
    for (const [key, , name] of paths) {
      const stored = tensors.get(name)
      if (!stored) throw new Error(`no ${name}`)
      const wanted = key === trained ? stepped(key) : initial[key]
      const got = new Float32Array(await readTensor(stored))
      expect(got).toHaveLength(wanted.length)
      got.forEach((v, i) => expect(v).toBeCloseTo(wanted[i] ?? NaN, 5))
    }
  }
})

it('a message writes a name as the language takes it', () => {
  const [{ help } = { help: '' }] = compiled('enc["onnx::MatMul_8"]').diagnostics
  expect(help).toBe('did you mean `["onnx::MatMul_7"]`?')
})

it('an output that is no identifier is offered as it is written, without a fix that would not parse', () => {
  for (const output of ['.out', '.StatefulPartitionedCall1']) {
    const told = compiled('enc', output).diagnostics.find(({ code }) => code === 'name/unknown-field')
    expect(told?.help).toContain('`["StatefulPartitionedCall:1"]`')
    expect(told?.fix).toBeUndefined()
  }
})

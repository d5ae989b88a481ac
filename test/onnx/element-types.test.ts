import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { DiskFiles } from '../../src/cli/files.js'
import { analyze } from '../../src/compiler/analyze.js'
import { compileAnalysed, planAnalysed } from '../../src/compiler/index.js'
import { runPipeline } from '../../src/runtime/run.js'
import { openSafetensors, readTensor } from '../../src/weights/safetensors.js'
import { file, intAttribute, node, tensorInfo } from './build.js'

/*
 * Aim: a model whose file computes in another type of floats trains: its weights move by the gradient, as far as that
 * type holds it. What has no kernel here, such as products of bf16 and Softplus of doubles, is computed in f32.
 */

const start = [0.5, -0.25, 1]
const rows = [
  [0.5, -0.25, 1],
  [-1, 0.75, 0.125],
]
const rate = 0.5

const activations = new Map([
  ['Tanh', Math.tanh],
  ['Softplus', (x: number) => Math.log1p(Math.exp(x))],
])
const half = [10, Uint16Array.of(0x3800, 0xb400, 0x3c00).buffer, 2 ** -9] as const
const brain = [16, Uint16Array.of(0x3f00, 0xbe80, 0x3f80).buffer, 2 ** -6] as const
const double = [11, Float64Array.from(start).buffer, 1e-6] as const
const cases: readonly (readonly [
  string,
  readonly string[],
  ...(typeof half | typeof brain | typeof double),
])[] = [
  ['Tanh', [], ...half],
  ['Tanh', ['MatMul in bf16', 'Tanh in bf16'], ...brain],
  ['Tanh', [], ...double],
  ['Softplus', ['Softplus in f64'], ...double],
]

it.each(cases)('%s, computed in f32: %j', async (activation, inF32, code, bytes, tolerance) => {
  const apply = activations.get(activation) ?? Math.abs
  const loss = (w: readonly number[]): number =>
    rows.reduce((sum, x) => sum + apply(x.reduce((s, v, i) => s + v * (w[i] ?? 0), 0)) ** 2 / 2, 0)
  const folder = mkdtempSync(join(tmpdir(), 'dcrc-'))
  try {
    const graph = {
      node: [
        node('Cast', ['x'], ['a'], [intAttribute('to', code)]),
        node('MatMul', ['a', 'w'], ['b']),
        node(activation, ['b'], ['c']),
        node('Cast', ['c'], ['y'], [intAttribute('to', 1)]),
      ],
      initializer: [{ name: 'w', dataType: code, dims: [3, 1], rawData: new Uint8Array(bytes) }],
      output: [tensorInfo('y', ['n', 1])],
    }
    writeFileSync(join(folder, 'm.onnx'), file(graph))
    const text = `pipeline tuned {
  data train = mnist(split = "train", size = 1) rows 2 { x: f32[3, 1, 1] = image }
  model enc = onnx("m.onnx")
  stage learn {
    train enc
    minimize mean(square(enc(flatten(train.x, 1))))
    optimizer sgd(lr = ${rate})
    steps 1
  }
  export enc
}
`
    const disk = new DiskFiles(folder)
    const files = {
      read: (path: string) => (path === 'p.dcr' ? text : disk.read(path)),
      binary: disk.binary,
    }
    const analysis = analyze({ entry: 'p.dcr', files })
    const { artefact, diagnostics } = compileAnalysed(analysis)
    expect(diagnostics.map(({ message }) => message)).toEqual([])
    if (!artefact) throw new Error('not compiled')
    expect(planAnalysed(analysis).plan?.stages[0]?.inF32).toEqual(inF32)
    const dataset = {
      length: 2,
      fingerprint: 'fixture',
      row: (i: number) => ({ image: Float32Array.from(rows[i] ?? []) }),
    }
    const runDir = join(folder, 'run')
    const options = { root: folder, runDir, openDataset: () => Promise.resolve(dataset) }
    expect((await runPipeline(artefact, options)).status).toBe('done')
    const { tensors } = await openSafetensors(join(runDir, 'export/enc/model.safetensors'))
    const stored = tensors.get('w')
    if (!stored) throw new Error('no w')
    const got = new Float32Array(await readTensor(stored))
    start.forEach((value, at) => {
      const moved = (by: number): number => loss(start.map((v, i) => (i === at ? v + by : v)))
      const step = (rate * (moved(1e-5) - moved(-1e-5))) / 2e-5
      expect(Math.abs((got[at] ?? NaN) - (value - step))).toBeLessThan(tolerance)
      expect(Math.abs(step)).toBeGreaterThan(4 * tolerance)
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

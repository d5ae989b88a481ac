import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { onnx as Onnx } from 'onnx-proto'
import { expect, it } from 'vitest'
import { DiskFiles } from '../../src/cli/files.js'
import { compile } from '../../src/compiler/index.js'
import type { Dataset } from '../../src/runtime/sources/dataset.js'
import { runPipeline } from '../../src/runtime/run.js'
import { file, integers, node, tensorInfo, weight } from './build.js'

const weights = [0.5, -1, 2, 3, -4, 5, 6, 7]
const pixel = (i: number, k: number): number => Math.fround(Math.sin(1 + i + k / 7))

const images: Dataset = {
  length: 4,
  fingerprint: 'waves',
  row: (i) => ({
    image: Float32Array.from({ length: 192 }, (_, k) => pixel(i, k)),
    digit: BigInt64Array.of(0n),
  }),
}

const scaleModule = `
module Scale {
  w: float[8] = zeros
  fn forward(x) = flatten(x * w, 1)
}
`

const pipeline = (model: string): string => `use std.nn { Linear }
${model.startsWith('Scale') ? scaleModule : ''}

pipeline p {
  data train = mnist(split = "train", size = 8) rows 4 { image: f32[3, 8, 8] = image }
  model scale = ${model}
  model head = Linear(192, 1)
  let y = scale(train.image)
  stage fit {
    train head
    minimize mean(square(head(y)))
    optimizer sgd(lr = 0.1)
    steps 1
    monitor level = mean(y)
  }
}
`

/** The mean of the images times the weights, as a run measures it. */
async function level(
  w: Onnx.ITensorProto,
  model = 'onnx("models/m.onnx")',
): Promise<{ value: number; converted: boolean }> {
  const folder = mkdtempSync(join(tmpdir(), 'dcrc-'))
  try {
    mkdirSync(join(folder, 'models'))
    const data = Buffer.concat([Buffer.alloc(5), Buffer.from(Float32Array.from(weights).buffer)])
    writeFileSync(join(folder, 'models/weights.bin'), data)
    const graph = {
      input: [tensorInfo('x', ['n', 3, 8, 8])],
      node: [node('Mul', ['x', 'w'], ['a']), node('Reshape', ['a', 'shape'], ['y'])],
      initializer: [integers('shape', [0, -1]), w],
    }
    writeFileSync(join(folder, 'models/m.onnx'), file(graph))
    const disk = new DiskFiles(folder)
    const read = (path: string): string | undefined => (path === 'p.dcr' ? pipeline(model) : disk.read(path))
    const { artefact, diagnostics } = compile({ entry: 'p.dcr', files: { read, binary: disk.binary } })
    expect(diagnostics.map((d) => d.message)).toEqual([])
    if (!artefact) throw new Error('not compiled')
    const runDir = join(folder, 'run')
    const cache = join(folder, '.dcrc/cache/weights')
    const result = await runPipeline(artefact, { root: folder, runDir, openDataset: async () => images })
    expect(result.status).toBe('done')
    const line = JSON.parse(readFileSync(join(runDir, 'metrics.jsonl'), 'utf8')) as {
      monitors: Readonly<Record<string, number>>
    }
    return {
      value: line.monitors['level'] ?? NaN,
      converted: existsSync(cache) && readdirSync(cache).some((name) => name.startsWith('m.numbers.')),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

it('weights are the same, wherever an ONNX file holds them', async () => {
  let sum = 0
  for (let i = 0; i < 4; i++) for (let k = 0; k < 192; k++) sum += pixel(i, k) * (weights[k % 8] ?? NaN)
  const inline = weight('w', [8], weights)
  const externalData = [
    { key: 'location', value: 'weights.bin' },
    { key: 'offset', value: '5' },
    { key: 'length', value: '32' },
  ]
  const places = {
    inline,
    external: { name: 'w', dataType: 1, dims: [8], dataLocation: 1, externalData },
    numbers: { name: 'w', dataType: 1, dims: [8], floatData: weights },
  }
  for (const [name, w] of Object.entries(places)) {
    const { value, converted } = await level(w)
    expect(value).toBeCloseTo(sum / 768, 5)
    expect({ name, converted }).toEqual({ name, converted: name === 'numbers' })
  }
  const { value } = await level(inline, 'Scale() from "models/m.onnx"')
  expect(value).toBeCloseTo(sum / 768, 5)
})

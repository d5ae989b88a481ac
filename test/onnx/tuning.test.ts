import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DiskFiles } from '../../src/cli/files.js'
import { compile } from '../../src/compiler/index.js'
import type { Dataset } from '../../src/runtime/sources/dataset.js'
import { runPipeline } from '../../src/runtime/run.js'
import { openSafetensors, readTensor } from '../../src/weights/safetensors.js'
import { Fixture } from '../parity/harness.js'
import { fixtureFile } from './fixtures.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dcrc-'))
  for (const name of ['onnx_clip_dynamo', 'onnx_clip_legacy'])
    copyFileSync(fixtureFile(name), join(folder, `${name}.onnx`))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** The images and classes that PyTorch trained on; a batch is all of them, so their order is no matter. */
async function dataset(): Promise<Dataset> {
  const fixture = await Fixture.open('onnx_tuning')
  const images = (await fixture.tensor('images')).data as Float32Array
  const digits = (await fixture.tensor('digits')).data as BigInt64Array
  const size = images.length / digits.length
  return {
    length: digits.length,
    fingerprint: 'fixture',
    row: (i) => ({ image: images.slice(i * size, (i + 1) * size), digit: digits.slice(i, i + 1) }),
  }
}

const pipeline = (file: string, trained: string): string => `use std.losses { cross_entropy }

pipeline tuned {
  data train = mnist(split = "train", size = 8) rows 8 {
    image: f32[3, 8, 8] = image
    digit: i64[] = digit
  }
  model encoder = onnx("${file}.onnx")
  stage learn {
    train ${trained}
    minimize cross_entropy(encoder(train.image).image_embeds, train.digit)
    optimizer adamw(lr = 0.003, eps = 1e-5, weight_decay = 0.01)
    steps 12
  }
  export encoder
}
`

async function run(file: string, trained: string): Promise<{ losses: readonly number[]; directory: string }> {
  const disk = new DiskFiles(folder)
  const text = pipeline(file, trained)
  const { artefact, diagnostics } = compile({
    entry: 'p.dcr',
    files: { read: (path) => (path === 'p.dcr' ? text : disk.read(path)), binary: disk.binary },
  })
  expect(diagnostics.map((d) => d.message)).toEqual([])
  if (!artefact) throw new Error('not compiled')
  const directory = mkdtempSync(join(folder, 'run-'))
  const runDir = join(directory, 'run')
  const data = await dataset()
  const result = await runPipeline(artefact, { root: folder, runDir, openDataset: async () => data })
  expect(result.status).toBe('done')
  const lines = readFileSync(join(runDir, 'metrics.jsonl'), 'utf8').trimEnd().split('\n')
  return { losses: lines.map((line) => (JSON.parse(line) as { loss: number }).loss), directory: runDir }
}

describe('an imported model', () => {
  it('trains as PyTorch trains it, and is exported under the names of its initializers', async () => {
    const fixture = await Fixture.open('onnx_tuning')
    const { losses, directory } = await run('onnx_clip_dynamo', 'encoder')
    const wanted = fixture.facts['losses'] as readonly number[]
    expect(losses).toHaveLength(wanted.length)
    for (const [k, loss] of losses.entries()) expect(loss).toBeCloseTo(wanted[k] ?? NaN, 4)
    expect(wanted.at(-1)).toBeLessThan((wanted[0] ?? 0) * 0.9)

    const exported = await openSafetensors(join(directory, 'export/encoder/model.safetensors'))
    const names = fixture.names('tuned/').filter((name) => exported.tensors.has(name))
    // all parameters of the module but those that the exporter writes transposed under names of its own
    expect(names.length).toBeGreaterThan(20)
    for (const name of names) {
      const stored = exported.tensors.get(name)
      const reference = await fixture.tensor(`tuned/${name}`)
      if (!stored) throw new Error(name)
      const got = new Float32Array(await readTensor(stored))
      expect(stored.shape).toEqual(reference.shape)
      const data = reference.data as Float32Array
      const furthest = got.reduce((most, v, i) => Math.max(most, Math.abs(v - (data[i] ?? NaN))), 0)
      expect({ name, furthest }).toEqual({ name, furthest: expect.closeTo(0, 3) })
    }
  })

  it('is frozen but for the part that a pattern names; its file is never written', async () => {
    const before = readFileSync(join(folder, 'onnx_clip_dynamo.onnx'))
    const part = 'model.vision_model.encoder.layers.1.'
    const { losses, directory } = await run(
      'onnx_clip_dynamo',
      'encoder.model.vision_model.encoder.layers[1..].*',
    )
    expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0)
    expect(readFileSync(join(folder, 'onnx_clip_dynamo.onnx'))).toEqual(before)
    expect(existsSync(join(directory, 'initial'))).toBe(false)

    const start = (await run('onnx_clip_dynamo', 'encoder.model.visual_projection')).directory
    const changed: string[] = []
    const [tuned, other] = await Promise.all(
      [directory, start].map((d) => openSafetensors(join(d, 'export/encoder/model.safetensors'))),
    )
    for (const [name, stored] of tuned?.tensors ?? []) {
      const first = other?.tensors.get(name)
      if (!first) throw new Error(name)
      const [a, b] = await Promise.all([readTensor(stored), readTensor(first)])
      if (!Buffer.from(a).equals(Buffer.from(b)) && !name.startsWith(part)) changed.push(name)
    }
    // between the two runs only what one of them trained differs
    expect(changed).toEqual(changed.filter((name) => name.startsWith('model.visual_projection')))
  })
})

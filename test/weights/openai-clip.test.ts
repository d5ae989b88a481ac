import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DiskFiles } from '../../src/cli/files.js'
import { compile } from '../../src/compiler/index.js'
import { InferenceSession, Tensor } from '../../src/runtime/onnxruntime.js'
import { runPipeline } from '../../src/runtime/run.js'
import { toFloat32 } from '../../src/runtime/tensors.js'
import { openSafetensors, readTensor, writeSafetensors } from '../../src/weights/safetensors.js'
import { Fixture, relativeError } from '../parity/harness.js'

/*
 * Aim: CLIP in the layout of OpenAI and open_clip loads by its named keys and computes what open_clip computes
 * (test/oracle/openai_clip.py); every value of its file is one of the model's. Tied tensors that a file leaves out are
 * found under their other name.
 */
let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dcrc-openai-'))
  cpSync(fileURLToPath(new URL('../oracle/fixtures/openai_clip', import.meta.url)), root, { recursive: true })
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const clip = (from: string, config = ''): string => `
use std.clip { ClipConfig, ClipModel, ClipTextConfig, ClipVisionConfig }
use std.openai_clip { openai_clip }
let small = ClipConfig(
  projection_dim = 5,
  vision_config = ClipVisionConfig(hidden_size = 12, intermediate_size = 24, num_hidden_layers = 2, num_attention_heads = 2,
    image_size = 8, patch_size = 4),
  text_config = ClipTextConfig(vocab_size = 30, hidden_size = 8, intermediate_size = 16, num_hidden_layers = 2,
    num_attention_heads = 2, max_position_embeddings = 7, projection_dim = 5),
)
pipeline p {
  model clip = ClipModel(small${config}) from ${from}
  fn pictures(image: f32[n, 3, 8, 8]) = clip.image_features(image)
  fn texts(ids: i64[n, 7]) = clip.text_features(ids)
  export pictures, texts, clip
}
`

async function run(text: string) {
  writeFileSync(join(root, 'main.dcr'), text)
  const { artefact, diagnostics } = compile({ entry: 'main.dcr', files: new DiskFiles(root) })
  if (!artefact) throw new Error(diagnostics.map((d) => d.message).join('\n'))
  const result = await runPipeline(artefact, { root, threads: 1, runDir: mkdtempSync(join(root, 'run-')) })
  const problems =
    result.status === 'failed'
      ? result.diagnostics.map((d) => `${d.code}: ${d.message} | ${d.help ?? ''}`)
      : []
  return { folder: result.directory ?? '', problems }
}

async function features(folder: string, name: string, input: Tensor): Promise<Float32Array> {
  const session = await InferenceSession.create(join(folder, `export/${name}/model.onnx`))
  const [found] = Object.values(await session.run({ [session.inputNames[0] ?? '']: input }))
  return found?.data as Float32Array
}

test.each([
  'openai_clip("open_clip.safetensors")',
  'openai_clip("wrapped.pt") strip "module."',
  'openai_clip("epoch_3.pt") strip "state_dict.module." ignore "optimizer.*"',
])('%s gives what open_clip gives', async (from) => {
  const { folder, problems } = await run(clip(from))
  expect(problems).toEqual([])
  const fixture = await Fixture.open('openai_clip')
  const image = toFloat32(await fixture.tensor('image'))
  const pictures = await features(folder, 'pictures', new Tensor('float32', image, [3, 3, 8, 8]))
  expect(relativeError(pictures, toFloat32(await fixture.tensor('image_features')))).toBeLessThan(1e-5)
  const { data } = await fixture.tensor('ids')
  const texts = await features(folder, 'texts', new Tensor('int64', data as BigInt64Array, [4, 7]))
  expect(relativeError(texts, toFloat32(await fixture.tensor('text_features')))).toBeLessThan(1e-5)
})

test('a program as OpenAI publishes one gives what its state dict gives', async () => {
  const image = toFloat32(await (await Fixture.open('openai_clip')).tensor('image'))
  const found = await Promise.all(
    ['program.pt', 'program.safetensors'].map(async (file) => {
      const { folder, problems } = await run(clip(`openai_clip("${file}")`))
      expect(problems).toEqual([])
      return features(folder, 'pictures', new Tensor('float32', image, [3, 3, 8, 8]))
    }),
  )
  expect(found[0]).toEqual(found[1])
})

test('every value of the file is one of the model, once', async () => {
  const { folder } = await run(clip('openai_clip("open_clip.safetensors")'))
  const sorted = async (file: string): Promise<readonly number[]> => {
    const { tensors } = await openSafetensors(file)
    const values = await Promise.all(
      [...tensors.values()].map(async (t) => [...new Float32Array(await readTensor(t))]),
    )
    return values.flat().sort((a, b) => a - b)
  }
  const there = await sorted(join(root, 'open_clip.safetensors'))
  expect(await sorted(join(folder, 'export/clip/model.safetensors'))).toEqual(there)
  expect(there.length).toBeGreaterThan(4000)
})

test('what does not fit is told by the names of the model and of the file', async () => {
  const [wrong = ''] = (await run(clip('openai_clip("wrapped.pt")'))).problems
  expect(wrong).toContain('run/weights-mismatch')
  expect(wrong).toContain('module.')
  const [around = ''] = (await run(clip('openai_clip("epoch_3.pt")'))).problems
  expect(around).toContain('state_dict.module.')
  const [plain = ''] = (await run(clip('"open_clip.safetensors"'))).problems
  expect(plain).toMatch(/run\/weights-mismatch.*\| `from openai_clip\(".*open_clip.safetensors"\)`/)
})

test('a tied tensor that the file leaves out is found under the name that is there', async () => {
  const tied = (file: string): string => `
module Tied {
  first: float[2, 3] = normal(std = 1.0)
  second: float[2, 3] = normal(std = 1.0)
  fn forward(x: float[n, 3]) = x @ transpose(first, [1, 0]) + x @ transpose(second, [1, 0])
}
pipeline p {
  model net = Tied() from "${file}"
  fn out(x: f32[n, 3]) = net(x)
  export out, net
}
`
  const first = {
    name: 'first',
    dtype: 'f32' as const,
    shape: [2, 3],
    content: Float32Array.of(1, 2, 3, 4, 5, 6),
  }
  await writeSafetensors(join(root, 'tied.safetensors'), [first], { format: 'pt', second: 'first' })
  const { folder, problems } = await run(tied('tied.safetensors'))
  expect(problems).toEqual([])
  const sum = await features(folder, 'out', new Tensor('float32', Float32Array.of(1, 1, 1), [1, 3]))
  expect([...sum]).toEqual([12, 30])
  await writeSafetensors(join(root, 'untied.safetensors'), [first])
  expect((await run(tied('untied.safetensors'))).problems.join()).toContain('missing: `second`')
})

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import onnxProto from 'onnx-proto'
import { InferenceSession, Tensor } from '../../src/runtime/onnxruntime.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runPipeline } from '../../src/runtime/run.js'
import { type SafetensorsFile, openSafetensors, readTensor } from '../../src/weights/safetensors.js'
import { toFloat32 } from '../../src/runtime/tensors.js'
import { kept } from '../parity/expressions.js'
import { compileText, evaluateOnce, relativeError } from '../parity/harness.js'

/*
 * Aim: an exported function is an ONNX file that gives, for any number of rows, what the pipeline computes with the
 * trained weights, adapters merged; it needs nothing but the files of its folder.
 */
const size = 8
const text = (wide: number): string => `
use std.clip { ClipConfig, ClipModel, ClipTextConfig, ClipVisionConfig }
let tiny = ClipConfig(
  projection_dim = 6,
  vision_config = ClipVisionConfig(hidden_size = ${wide}, intermediate_size = 20, num_hidden_layers = 2, num_attention_heads = 2, image_size = ${size}, patch_size = 4),
  text_config = ClipTextConfig(vocab_size = 9, hidden_size = 4, intermediate_size = 5, num_hidden_layers = 1, num_attention_heads = 1, max_position_embeddings = 5),
)
pipeline tuned {
  param size: int = ${size}
  model clip = ClipModel(tiny)
  adapter enc = lora(clip.vision_model.encoder, clip.visual_projection, rank = 2, alpha = 3, dropout = 0.25, train_bias = true)
  let x = draw uniform of [7, 3, size, size]
  /// What the tower sees.
  fn features(image: f32[n, 3, size, size]) = clip.image_features(normalize(image, clip.mean, clip.std))
  fn both(image: f32[n, 3, size, size], scale: f32[n]) = { seen: features(image), scaled: features(image) * scale[:, None], mean: mean(image, axis = [1, 2, 3]) }
  loss far = mean(square(features(x) - 1.0))
  stage learn { train enc, clip.vision_model.post_layernorm; minimize far; optimizer adamw(lr = 0.05); steps 5; ema 0.5 }
  evaluate look = pictures(original = kept(features(x)))
  export features, both, enc, clip
}
${kept}`

const artefact = compileText(text(12))
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dcrc-'))
  const result = await runPipeline(artefact, { root: folder, threads: 1, runDir: join(folder, 'run') })
  expect(result.status).toBe('done')
})
afterAll(() => rmSync(folder, { recursive: true }))

const rowOf = 3 * size * size
const pixels = Float32Array.from({ length: 7 * rowOf }, (_, i) => ((i * 7919) % 101) / 101)

async function exported(
  name: string,
  rows: number,
  rest: Record<string, Tensor> = {},
): Promise<Record<string, Tensor>> {
  const session = await InferenceSession.create(join(folder, 'run/export', name, 'model.onnx'), {
    logSeverityLevel: 3,
  })
  try {
    const image = new Tensor('float32', pixels.slice(0, rows * rowOf), [rows, 3, size, size])
    return { ...(await session.run({ image, ...rest })) }
  } finally {
    await session.release()
  }
}

const values = (tensor: Tensor | undefined): Float32Array => Float32Array.from(tensor?.data as Float32Array)

/** What the pipeline's own evaluation graph gives with the weights of the last checkpoint, averages where kept. */
async function reference(): Promise<Float32Array> {
  const at = (name: string): string => join(folder, 'run/checkpoints/learn-5', name)
  const files: Record<string, SafetensorsFile> = {
    clip: await openSafetensors(at('clip.safetensors')),
    enc: await openSafetensors(at('enc/adapter_model.safetensors')),
    optimizer: await openSafetensors(at('optimizer.safetensors')),
  }
  const results = await evaluateOnce(
    artefact,
    'look',
    (model, path) => {
      const found = files['optimizer']?.tensors.get(`ema/${model}/${path}`) ?? files[model]?.tensors.get(path)
      if (!found) throw new Error(`no ${model}/${path}`)
      return found
    },
    () => ({ dtype: 'f32', shape: [7, 3, size, size], data: pixels.slice() }),
  )
  const found = results.get('original')
  if (!found) throw new Error('no result')
  return toFloat32(found)
}

describe('an exported function', () => {
  test('gives the values of the pipeline for 1, 3 and 7 rows', async () => {
    const wanted = await reference()
    for (const rows of [1, 3, 7]) {
      const { features } = await exported('features', rows)
      expect(features?.dims).toEqual([rows, 6])
      expect(relativeError(values(features), wanted.subarray(0, rows * 6))).toBeLessThan(1e-5)
    }
  })

  test('takes several arguments and gives the fields of a record', async () => {
    const scale = new Tensor('float32', Float32Array.of(2, 0, -1), [3])
    const { seen, scaled, mean } = await exported('both', 3, { scale })
    const alone = values((await exported('features', 3))['features'])
    expect([...values(seen)]).toEqual([...alone])
    expect([...values(scaled)]).toEqual([...alone].map((v, i) => v * ([2, 0, -1][Math.floor(i / 6)] ?? NaN)))
    expect(mean?.dims).toEqual([3])
  })

  test('names its inputs and outputs, with an open first axis', () => {
    const bytes = readFileSync(join(folder, 'run/export/both/model.onnx'))
    const { graph } = onnxProto.onnx.ModelProto.decode(bytes)
    const dims = (v: { type?: unknown }) =>
      JSON.parse(JSON.stringify(v.type)).tensorType.shape.dim.map(
        (d: { dimParam?: string; dimValue?: string }) => d.dimParam ?? Number(d.dimValue),
      )
    expect(graph?.input?.map((v) => [v.name, dims(v)])).toEqual([
      ['image', ['batch', 3, size, size]],
      ['scale', ['batch']],
    ])
    expect(graph?.output?.map((v) => [v.name, dims(v)])).toEqual([
      ['seen', ['batch', 6]],
      ['scaled', ['batch', 6]],
      ['mean', ['batch']],
    ])
    // the text tower is not in it, nor are the factors of the adapter
    const names = graph?.initializer?.map((t) => t.name ?? '') ?? []
    expect(names.some((n) => n.startsWith('clip/vision_model'))).toBe(true)
    expect(names.filter((n) => n.includes('text') || n.includes('lora'))).toEqual([])
  })
})

/** The opset, the IR version and the other domains that the file of a function says. */
const stated = (body: string): readonly (number | string)[] => {
  const compiled = compileText(`
use std.nn { Linear }
pipeline stated {
  model net = Linear(2, 2)
  let y = draw normal of [2, 2]
  loss far = mean(square(net(y)))
  stage learn { train net; minimize far; optimizer sgd(lr = 0.1); steps 1 }
  fn out(x: f32[n, 3, 8, 8]) = ${body}
  export out
}`)
  const { irVersion, opsetImport } = onnxProto.onnx.ModelProto.decode(
    compiled.files.get('out.export.onnx') ?? new Uint8Array(),
  )
  return [
    Number(opsetImport[0]?.version),
    Number(irVersion),
    ...opsetImport.slice(1).map(({ domain }) => domain ?? ''),
  ]
}

test('says the lowest opset that its nodes need, the IR version of its time, and no domain of which it has no node', () => {
  expect(stated('relu(x)')).toEqual([17, 8])
  // axes are an input of ReduceMean from opset 18 on
  expect(stated('mean(x, axis = [2, 3])')).toEqual([18, 8])
  expect(stated('gelu(x)')).toEqual([20, 9])
  expect(stated('quick_gelu(x)')).toEqual([17, 8, 'com.microsoft'])
})

test('says what it was made from', () => {
  const { manifest } = artefact
  const bytes = readFileSync(join(folder, 'run/export/features/model.onnx'))
  const { producerName, producerVersion, metadataProps, docString } = onnxProto.onnx.ModelProto.decode(bytes)
  expect([producerName, producerVersion]).toEqual(['dcrc', manifest.compiler])
  const place = lineOf('fn features')
  expect(docString).toBe(`\`features\`, ${place}\n\nWhat the tower sees.`)
  expect(metadataProps.map(({ key, value }) => [key, value])).toEqual([
    ['source', place],
    ['pipeline', 'tuned'],
    ['manifest_hash', manifest.hash],
    ['stage_hash/learn', manifest.stages[0]?.hash],
  ])
})

test('takes the place of the largest integer by a kernel that onnxruntime 1.17 has', () => {
  const compiled = compileText(`
use std.nn { Linear }
pipeline places {
  model net = Linear(2, 2)
  stage learn { train net; minimize mean(square(net(draw normal of [2, 2]))); optimizer sgd(lr = 0.1); steps 1 }
  fn place(ids: i64[n, 5]) = argmax(ids, axis = 1)
  export place
}`)
  const bytes = compiled.files.get('place.export.onnx') ?? new Uint8Array()
  const { node, input } = onnxProto.onnx.ModelProto.decode(bytes).graph ?? {}
  // there ArgMax takes floats and 32-bit integers
  expect(node?.map(({ opType, input: read }) => [opType, read?.[0] === input?.[0]?.name])).toEqual([
    ['Cast', true],
    ['ArgMax', false],
  ])
})

/** Where a text of the pipeline begins, behind \`fn \`. */
function lineOf(part: string): string {
  const before = text(12).split(part)[0] ?? ''
  const lines = before.split('\n')
  return `test.dcr:${lines.length}:${(lines.at(-1)?.length ?? 0) + 'fn '.length + 1}`
}

test('names nodes by layer and line, each otherwise', () => {
  const bytes = readFileSync(join(folder, 'run/export/features/model.onnx'))
  const nodes = onnxProto.onnx.ModelProto.decode(bytes).graph?.node ?? []
  const names = nodes.map(({ name }) => name ?? '')
  expect(new Set(names).size).toBe(names.length)
  const lineIn = (file: string, words: string): number =>
    readFileSync(new URL(`../../pipelines/std/${file}`, import.meta.url), 'utf8')
      .split(words)[0]
      ?.split('\n').length ?? 0
  // the layer whose weight it reads, and where std.nn multiplies by it
  const product = nodes.find(({ input }) =>
    input?.includes('clip/vision_model.encoder.layers.1.mlp.fc1.weight'),
  )
  expect(product?.name).toBe(
    `vision_model.encoder.layers.1.mlp.fc1 std/nn.dcr:${lineIn('nn.dcr', '= linear(x, weight')}`,
  )
  // between two layers: what they have in common, and where the activation is called
  const between = names.filter((name) => name.startsWith('vision_model.encoder.layers.1.mlp std/'))
  expect(between.length).toBeGreaterThan(0)
  expect(names.filter((name) => name === '' || /^[A-Z]\w*_\d+$/.test(name))).toEqual([])
})

test('large weights stand beside the file', async () => {
  const wide = compileText(`
use std.nn { Linear }
pipeline wide {
  model net = Linear(3000, 2000)
  let x = draw normal of [2, 3000]
  loss far = mean(square(net(x)))
  stage learn { train net.bias; minimize far; optimizer sgd(lr = 0.1); steps 1 }
  fn out(x: f32[n, 3000]) = net(x)
  export out
}`)
  await runPipeline(wide, { root: folder, threads: 1, runDir: join(folder, 'wide') })
  expect(readFileSync(join(folder, 'wide/export/out/model.onnx')).length).toBeLessThan(10_000)
  expect(readFileSync(join(folder, 'wide/export/out/model.onnx.data')).length).toBe(4 * (3000 * 2000 + 2000))
  expect(existsSync(join(folder, 'wide/export/out/model.onnx.data.part'))).toBe(false)
  const session = await InferenceSession.create(join(folder, 'wide/export/out/model.onnx'))
  const x = new Tensor('float32', new Float32Array(6000).fill(1), [2, 3000])
  const { out } = await session.run({ x })
  await session.release()
  const { tensors } = await openSafetensors(join(folder, 'wide/checkpoints/learn-1/net.safetensors'))
  const read = async (name: string): Promise<Float32Array> => {
    const stored = tensors.get(name)
    if (!stored) throw new Error(`no ${name}`)
    return new Float32Array(await readTensor(stored))
  }
  const [w, b] = [await read('weight'), await read('bias')]
  const wanted = Array.from(b, (bias, o) =>
    w.subarray(o * 3000, (o + 1) * 3000).reduce((sum, v) => sum + v, bias),
  )
  expect(relativeError(values(out), [...wanted, ...wanted])).toBeLessThan(1e-5)
})

test('of a batch normalization gives what its running statistics say', async () => {
  const run = join(folder, 'normed')
  const normed = compileText(`
use std.nn { BatchNorm1d }
pipeline normed {
  model norm = BatchNorm1d(3)
  let x = draw uniform of [16, 3]
  fn scaled(x: f32[n, 3]) = norm(x)
  loss far = mean(square(scaled(x) - 2.0))
  stage learn { train norm; minimize far; optimizer adamw(lr = 0.05); steps 4 }
  export scaled, norm
}`)
  expect((await runPipeline(normed, { root: folder, threads: 1, runDir: run })).status).toBe('done')
  const file = await openSafetensors(join(run, 'export/norm/model.safetensors'))
  const tensor = async (path: string): Promise<Float32Array> => {
    const found = file.tensors.get(path)
    if (!found) throw new Error(`no ${path}`)
    return new Float32Array(await readTensor(found))
  }
  const [w, b, m, v] = await Promise.all(['weight', 'bias', 'running_mean', 'running_var'].map(tensor))
  expect([...(m ?? [])].every((each) => each > 0.05)).toBe(true)
  const x = Float32Array.of(0, 0.5, 1, -1, 2, 3)
  const session = await InferenceSession.create(join(run, 'export/scaled/model.onnx'))
  const { scaled } = await session.run({ x: new Tensor('float32', x, [2, 3]) })
  await session.release()
  const byHand = x.map((each, i) => {
    const at = (values: Float32Array | undefined): number => values?.[i % 3] ?? NaN
    return ((each - at(m)) / Math.sqrt(at(v) + 1e-5)) * at(w) + at(b)
  })
  expect(relativeError(values(scaled), byHand)).toBeLessThan(1e-6)
})

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { peftFiles } from '../../src/runtime/exports/peft-names.js'
import { runPipeline } from '../../src/runtime/run.js'
import { toFloat32 } from '../../src/runtime/tensors.js'
import { Weights } from '../../src/runtime/weights.js'
import { openSafetensors, readTensor, writeSafetensors } from '../../src/weights/safetensors.js'
import { analyzeSources } from '../check/analyze.js'
import { kept, keptError } from '../parity/expressions.js'
import { Fixture, compileText, evaluateOnce } from '../parity/harness.js'

/*
 * Aim: ranks and scales by layer, biases of the whole model and modules that are kept whole are what peft has: its folder
 * gives its outputs, and what a run writes says the same again.
 */
const settings = `rank = 3, alpha = 5, train_bias = "all", modules_to_save = [net.head],
    rank_pattern = [("fc1", 2), ("blocks.0.proj_out", 4), ("blocks.1.proj_out", 4)], alpha_pattern = [("blocks.1.fc1", 7)]`
const text = (from = 'from "adapter"', changed = settings): string => `
use std.losses { mse }
use std.nn { LayerNorm, Linear }
module Block {
  fc1 = Linear(6, 8)
  proj_out = Linear(8, 6)
  fn forward(x) = x + proj_out(tanh(fc1(x)))
}
module Net {
  blocks = [Block() for _ in 0..2]
  norm = LayerNorm(6)
  proj_out = Linear(6, 5)
  head = Linear(5, 3)
  fn forward(x) {
    for block in blocks { x = block(x) }
    head(tanh(proj_out(norm(x))))
  }
}
pipeline lora {
  model net = Net() from "net.safetensors"
  adapter enc = lora(net.blocks, net.proj_out, ${changed}) ${from}
  let x = draw normal of [7, 6]
  stage learn { train enc; minimize mse(net(x), draw normal of [7, 3]); optimizer adamw(lr = 0.01); steps 2 }
  evaluate whole = pictures(original = kept(net(x)))
  export enc, net
}
${kept}`

let folder: string
let fixture: Fixture
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dcrc-'))
  const saved = fileURLToPath(new URL('../oracle/fixtures/adapter_patterns', import.meta.url))
  cpSync(saved, join(folder, 'adapter'), { recursive: true })
  fixture = await Fixture.open('adapter_patterns')
  const tensors = fixture.names('start/net.').map((name) => {
    const { shape, ...stored } = fixture.stored(`start/net.${name}`)
    return { name, dtype: 'f32' as const, shape, content: { ...stored, shape } }
  })
  await writeSafetensors(join(folder, 'net.safetensors'), tensors)
})
afterEach(() => rmSync(folder, { recursive: true }))

const spanOf = () => ({ file: 'test.dcr', start: 0, end: 0 })
const open = (source: string) =>
  Weights.open(compileText(source).manifest, {
    root: folder,
    directory: join(folder, 'run'),
    seed: 0,
    spanOf,
  })

async function outputs(source: string): Promise<Float32Array> {
  const { weights, problems } = await open(source)
  expect(problems).toEqual([])
  const results = await evaluateOnce(
    compileText(source),
    'whole',
    (model, path) => weights.measured(model, path),
    () => fixture.tensor('input/x'),
  )
  const found = results.get('original')
  if (!found) throw new Error('no result')
  return toFloat32(found)
}

test("a folder that peft saved gives peft's outputs", async () => {
  expect(keptError(await outputs(text()), toFloat32(await fixture.tensor('after')))).toBeLessThan(1e-5)
  expect(keptError(await outputs(text('')), toFloat32(await fixture.tensor('before')))).toBeLessThan(1e-5)
})

test('a run trains all of it, writes it as peft does, and goes on from that', async () => {
  const run = (source: string, name: string) =>
    runPipeline(compileText(source), { root: folder, threads: 1, runDir: join(folder, name) })
  expect((await run(text(), 'first')).status).toBe('done')
  const written = await openSafetensors(join(folder, 'first/export/enc', peftFiles.weights))
  const given = await openSafetensors(join(folder, 'adapter', peftFiles.weights))
  // peft keeps the bias of the whole module under two more names
  const read = [...given.tensors].filter(([name]) => !/head\.(modules_to_save|original_module)/.test(name))
  expect([...written.tensors.keys()].sort()).toEqual(read.map(([name]) => name).sort())
  for (const [name, tensor] of read) {
    const moved = written.tensors.get(name)
    if (!moved) throw new Error(`no ${name}`)
    expect(moved.shape).toEqual(tensor.shape)
    expect(new Float32Array(await readTensor(moved)), name).not.toEqual(
      new Float32Array(await readTensor(tensor)),
    )
  }
  const config = JSON.parse(
    readFileSync(join(folder, 'first/export/enc', peftFiles.config), 'utf8'),
  ) as Record<string, unknown>
  expect(config['bias']).toBe('all')
  expect(config['modules_to_save']).toEqual(['head'])
  expect(config['rank_pattern']).toEqual({
    '^blocks\\.0\\.fc1': 2,
    '^blocks\\.0\\.proj_out': 4,
    '^blocks\\.1\\.fc1': 2,
    '^blocks\\.1\\.proj_out': 4,
  })
  expect(config['alpha_pattern']).toEqual({ '^blocks\\.1\\.fc1': 7 })
  // the merged model and the model with the adapter from the folder give the same
  cpSync(join(folder, 'first/export/enc'), join(folder, 'adapter'), { recursive: true })
  const withAdapter = await outputs(text())
  cpSync(join(folder, 'first/export/net/model.safetensors'), join(folder, 'net.safetensors'))
  expect(keptError(await outputs(text('')), withAdapter)).toBeLessThan(1e-5)
})

describe('what a folder says otherwise is told with what to write', () => {
  const told = async (changes: Record<string, unknown>, source = text()): Promise<string> => {
    const file = join(folder, 'adapter', peftFiles.config)
    const known = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
    writeFileSync(file, JSON.stringify({ ...known, ...changes }))
    const { problems } = await open(source)
    return problems.map(({ message, help = '' }) => `${message} | ${help}`).join()
  }
  test.each([
    [{ rank_pattern: { fc1: 3 } }, /`rank_pattern` gives `blocks.0.fc1` the rank 3, the pipeline 2/],
    [{ alpha_pattern: {} }, /`alpha_pattern` gives `blocks.1.fc1` the alpha 5, the pipeline 7/],
    [
      { modules_to_save: ['norm'] },
      /`modules_to_save` is \["norm"\].*\| write `modules_to_save = \[net.norm\]`/,
    ],
    [{ modules_to_save: null }, /leave `modules_to_save` out/],
    [{ bias: 'lora_only' }, /write `train_bias = true`/],
    [{ alpha_pattern: { [`${'('.repeat(9)}[a-z.0-9]+${')+'.repeat(9)}X`]: 1 } }, /longer than 2 seconds/],
    [{ use_rslora: true }, /`alpha_pattern` gives `blocks.0.fc1` the alpha 7.07/],
  ])('%j', async (changes, words) => {
    expect(await told(changes)).toMatch(words)
  })
})

test.each([
  ['rank_pattern = [("fc7", 8)]', /no layer whose path ends in `fc7`/],
  ['rank_pattern = [("fc1", 0)]', /`rank_pattern` takes pairs such as/],
  ['rank_pattern = 8', /`rank_pattern` takes pairs such as/],
  ['train_bias = "some"', /`train_bias` takes true, false or "all"/],
  ['modules_to_save = [net]', /`modules_to_save` takes parts of `net`/],
  ['modules_to_save = [net.proj_out]', /`proj_out` is kept whole, and the adapter has a layer/],
])('%s is refused', (setting, words) => {
  const { diagnostics } = analyzeSources({ 'main.dcr': text('', `rank = 3, ${setting}`) })
  expect(diagnostics.map(({ message }) => message).join()).toMatch(words)
})

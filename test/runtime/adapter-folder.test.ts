import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { peftFiles } from '../../src/runtime/exports/peft-names.js'
import { type RunOptions, runPipeline } from '../../src/runtime/run.js'
import { openSafetensors, readTensor, writeSafetensors } from '../../src/weights/safetensors.js'
import { toFloat32 } from '../../src/runtime/tensors.js'
import { Weights } from '../../src/runtime/weights.js'
import { kept, keptError } from '../parity/expressions.js'
import { Fixture, compileText, evaluateOnce } from '../parity/harness.js'

/*
 * Aim: an adapter in a folder of peft's, saved by peft or by a run, is what a pipeline starts from; a folder that is of
 * another adapter is refused with its file and key.
 */
const text = (changes = '', from = 'from "adapter"'): string =>
  `
use std.losses { mse }
use std.nn { Conv2d, Linear }
module Net {
  conv = Conv2d(3, 4, 3, stride = 2, padding = 1)
  out = Linear(36, 5)
  fn forward(x) = out(flatten(tanh(conv(x)), 1))
}
pipeline lora {
  model net = Net() from "net.safetensors"
  adapter enc = lora(net, rank = 2, alpha = 3, dropout = 0.25, train_bias = true) ${from}
  let x = draw normal of [6, 3, 6, 6]
  let target = draw normal of [6, 5]
  stage learn { train enc; minimize mse(net(x), target); optimizer adamw(lr = 0.01); steps 2 }
  evaluate whole = pictures(original = kept(net(x)))
  export enc, net
}
${kept}`.replace('rank = 2, alpha = 3, dropout = 0.25, train_bias = true', (s) => changes || s)

const saved = fileURLToPath(new URL('../oracle/fixtures/lora_adapter', import.meta.url))
let folder: string
let fixture: Fixture
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dcrc-'))
  cpSync(saved, join(folder, 'adapter'), { recursive: true })
  fixture = await Fixture.open('lora')
  const names = fixture.names('start/net.')
  const tensors = names.map((name) => {
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

const run = (source: string, runDir: string, extra: RunOptions = {}) =>
  runPipeline(compileText(source), { root: folder, threads: 1, runDir: join(folder, runDir), ...extra })

async function values(file: string): Promise<Record<string, number[]>> {
  const { tensors } = await openSafetensors(join(folder, file))
  const read = [...tensors].map(async ([name, t]) => [name, [...new Float32Array(await readTensor(t))]])
  return Object.fromEntries(await Promise.all(read)) as Record<string, number[]>
}

test("a folder that peft saved gives peft's outputs, with the biases that were trained", async () => {
  const { weights, problems } = await open(text())
  expect(problems).toEqual([])
  const results = await evaluateOnce(
    compileText(text()),
    'whole',
    (model, path) => weights.measured(model, path),
    (path) => fixture.tensor(`input/${path}`),
  )
  const found = results.get('original')
  if (!found) throw new Error('no result')
  expect(keptError(toFloat32(found), toFloat32(await fixture.tensor('evaluated')))).toBeLessThan(1e-5)
})

test('biases that older versions of peft did not save stay those of the model, which is told', async () => {
  const file = join(folder, 'adapter', peftFiles.weights)
  const { tensors } = await openSafetensors(file)
  const kept = [...tensors].filter(([name]) => !name.endsWith('.bias'))
  expect(kept.length).toBeLessThan(tensors.size)
  const content = await Promise.all(
    kept.map(async ([name, t]) => ({
      name,
      dtype: 'f32' as const,
      shape: t.shape,
      content: new Float32Array(await readTensor(t)),
    })),
  )
  await writeSafetensors(file, content)
  const warned: string[] = []
  const { weights, problems } = await Weights.open(compileText(text()).manifest, {
    root: folder,
    directory: join(folder, 'run'),
    seed: 0,
    spanOf,
    onWarning: ({ code }) => warned.push(code),
  })
  expect([problems, warned]).toEqual([[], ['adapter/biases-lost']])
  const biases = fixture.names('start/net.').filter((name) => name.endsWith('.bias'))
  expect(biases.length).toBeGreaterThan(0)
  for (const name of biases)
    expect(await weights.values('net', name)).toEqual((await fixture.tensor(`start/net.${name}`)).data)
})

test('so does one with weights as torch keeps them, which older versions of peft wrote', async () => {
  const wanted = (await open(text())).weights
  const older = fileURLToPath(new URL('../oracle/fixtures/lora_adapter_torch', import.meta.url))
  rmSync(join(folder, 'adapter', peftFiles.weights))
  cpSync(older, join(folder, 'adapter'), { recursive: true })
  const { weights, problems } = await open(text())
  expect(problems).toEqual([])
  for (const layer of ['conv', 'out'])
    for (const factor of ['A', 'B']) {
      const path = `base_model.model.${layer}.lora_${factor}.weight`
      const values = await weights.values('enc', path)
      expect(values.some((v) => v !== 0)).toBe(true)
      cpSync(saved, join(folder, 'adapter'), { recursive: true })
      expect([...values]).toEqual([...(await wanted.values('enc', path))])
    }
})

test('a run goes on from the adapter that another one exported', async () => {
  expect((await run(text('', ''), 'first')).status).toBe('done')
  cpSync(join(folder, 'first/export/enc'), join(folder, 'adapter'), { recursive: true })
  expect((await run(text(), 'second', { steps: 1 })).status).toBe('done')
  const [first, second] = [
    await values('first/export/enc/adapter_model.safetensors'),
    await values('second/export/enc/adapter_model.safetensors'),
  ]
  expect(Object.keys(second)).toEqual(Object.keys(first))
  // One step of AdamW moves each entry by lr at most (weight decay adds a little).
  for (const [name, entries] of Object.entries(second))
    entries.forEach((v, i) => expect(Math.abs(v - (first[name]?.[i] ?? NaN))).toBeLessThan(0.0102))
  expect(second).not.toEqual(first)
  // a checkpoint of the stage holds the adapter in the same form
  const checkpoint = await values('first/checkpoints/learn-2/enc/adapter_model.safetensors')
  expect(checkpoint).toEqual(first)
  expect(readFileSync(join(folder, 'first/checkpoints/learn-2/enc/adapter_config.json'), 'utf8')).toBe(
    readFileSync(join(folder, 'first/export/enc/adapter_config.json'), 'utf8'),
  )
})

describe('a folder of another adapter is refused', () => {
  const config = (changes: Record<string, unknown>): void => {
    const file = join(folder, 'adapter', peftFiles.config)
    const known = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
    writeFileSync(file, JSON.stringify({ ...known, ...changes }))
  }
  const message = async (source = text()): Promise<string> => {
    const { problems } = await open(source)
    expect(problems).toHaveLength(1)
    return problems.map(({ code, message: m, help = '' }) => `${code}: ${m} | ${help}`).join()
  }

  test('that is not there', async () => {
    rmSync(join(folder, 'adapter', peftFiles.config))
    expect(await message()).toMatch(
      /^adapter\/file: adapter `enc` cannot start from adapter\/adapter_config.json: it is not there/,
    )
  })

  for (const [what, change, words] of [
    ['rank', { r: 8 }, '`r` is 8, the pipeline says rank = 2 | write `rank = 8`'],
    ['scale', { lora_alpha: 16 }, '`lora_alpha` is 16, the pipeline says alpha = 3 | write `alpha = 16`'],
    [
      'biases',
      { bias: 'none' },
      '`bias` is "none", the pipeline trains the biases | write `train_bias = false`',
    ],
    ['decomposition', { use_dora: true }, '`use_dora` is true'],
    ['ranks by layer', { rank_pattern: { out: 4 } }, '`rank_pattern` gives `out` the rank 4, the pipeline 2'],
    ['kind', { peft_type: 'IA3' }, '`peft_type` is "IA3" | only LoRA can be loaded'],
    [
      'initial values',
      { init_lora_weights: 'pissa' },
      '`init_lora_weights` is "pissa", which changes the weights',
    ],
  ] as const)
    test(`of another ${what}`, async () => {
      config(change)
      expect(await message()).toContain(`adapter/adapter_config.json: ${words}`)
    })

  test('whose configuration is no JSON', async () => {
    writeFileSync(join(folder, 'adapter', peftFiles.config), '{')
    expect(await message()).toContain('adapter/adapter_config.json: it is not a JSON object')
  })

  test('of other layers', async () => {
    const only = text().replace('lora(net,', 'lora(net.out,')
    expect(await message(only)).toMatch(
      /^adapter\/mismatch: .*adapter_model\.safetensors does not fit adapter `enc`; 3 unused: `base_model.model.conv.base_layer.bias`/,
    )
  })

  test('of other sizes', async () => {
    config({ r: 4 })
    expect(await message(text('rank = 4, alpha = 3, dropout = 0.25, train_bias = true'))).toContain(
      '`base_model.model.conv.lora_A.weight` is f32[2, 3, 3, 3], the adapter has f32[4, 3, 3, 3]',
    )
  })

  test('whose weights are cut off', async () => {
    const file = join(folder, 'adapter', peftFiles.weights)
    writeFileSync(file, readFileSync(file).subarray(0, 900))
    expect(await message()).toMatch(/^run\/weights-corrupt: .*adapter_model\.safetensors is damaged/)
  })
})

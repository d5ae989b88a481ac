import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RunOptions, runPipeline } from '../../src/runtime/run.js'
import { openSafetensors, readTensor } from '../../src/weights/safetensors.js'
import { compileText } from '../parity/harness.js'

/** An adapter is trained between two stages that train a part of the model. */
const artefact = compileText(`
use std.nn { Linear }
module Net {
  first = Linear(4, 6)
  last = Linear(6, 2)
  fn forward(x) = last(tanh(first(x)))
}
pipeline adapted {
  model net = Net()
  adapter enc = lora(net.first, rank = 2, dropout = 0.5)
  let x = draw normal of [8, 4]
  loss far = mean(square(net(x) - x[:, :2]))
  stage before { train net; minimize far; optimizer adamw(lr = 0.01); steps 3 }
  stage adapt { train enc, net.last { lr = 0.001 }; minimize far; optimizer adamw(lr = 0.01); steps 6; save_every 2 }
  stage after { train net.last; minimize far; optimizer adamw(lr = 0.01); steps 3 }
  export net
}`)

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'dcrc-'))))
afterEach(() => rmSync(folder, { recursive: true }))
const options = (extra: RunOptions = {}): RunOptions => ({ root: folder, threads: 1, ...extra })

async function tensors(file: string): Promise<Record<string, number[]>> {
  const opened = await openSafetensors(join(folder, file))
  const read = [...opened.tensors].map(async ([name, t]) => [
    name,
    [...new Float32Array(await readTensor(t))],
  ])
  return Object.fromEntries(await Promise.all(read)) as Record<string, number[]>
}

const [wide, tall] = ['A', 'B'].map((letter) => `base_model.model.first.lora_${letter}.weight`)

describe('a run with an adapter', () => {
  test('keeps it in files of its own, leaves its layer alone and merges it into the export', async () => {
    expect((await runPipeline(artefact, options({ runDir: join(folder, 'run') }))).status).toBe('done')
    const factors = await tensors('run/checkpoints/adapt-6/enc/adapter_model.safetensors')
    expect(Object.keys(factors)).toEqual([wide, tall])
    const [a, b] = [factors[wide ?? ''] ?? [], factors[tall ?? ''] ?? []]
    expect(b.some((v) => v !== 0)).toBe(true)
    const before = await tensors('run/checkpoints/before-3/net.safetensors')
    const trained = await tensors('run/checkpoints/adapt-6/net.safetensors')
    expect(trained['first.weight']).toEqual(before['first.weight'])
    expect(trained['last.weight']).not.toEqual(before['last.weight'])
    expect(readdirSync(join(folder, 'run/checkpoints/after-3'))).not.toContain('enc')

    const exported = await tensors('run/export/net/model.safetensors')
    const last = await tensors('run/checkpoints/after-3/net.safetensors')
    // rank 2 and alpha 2: the scale is 1
    const merged = (last['first.weight'] ?? []).map((w, at) => {
      const [i, j] = [Math.floor(at / 4), at % 4]
      return w + [0, 1].reduce((sum, k) => sum + (b[i * 2 + k] ?? NaN) * (a[k * 4 + j] ?? NaN), 0)
    })
    exported['first.weight']?.forEach((v, i) => expect(v).toBeCloseTo(merged[i] ?? NaN, 6))
    expect(exported['last.weight']).toEqual(last['last.weight'])
  })

  test('stopped in its stage goes on bit for bit, dropout too', async () => {
    await runPipeline(artefact, options({ runDir: join(folder, 'straight') }))
    const stop = new AbortController()
    const stopped = await runPipeline(
      artefact,
      options({
        runDir: join(folder, 'run'),
        signal: stop.signal,
        onEvent: (e) => {
          if (e.kind === 'step' && e.line.stage === 'adapt' && e.line.step === 3) stop.abort()
        },
      }),
    )
    expect(stopped).toMatchObject({ status: 'stopped', at: { stage: 'adapt' } })
    expect((await runPipeline(artefact, options({ runDir: join(folder, 'run'), resume: true }))).status).toBe(
      'done',
    )
    const bytes = (run: string, file: string): string =>
      readFileSync(join(folder, run, file)).toString('base64')
    for (const file of [
      'checkpoints/adapt-6/enc/adapter_model.safetensors',
      'checkpoints/adapt-6/optimizer.safetensors',
      'export/net/model.safetensors',
    ])
      expect(bytes('run', file)).toBe(bytes('straight', file))
  })
})

test('dropout of pairs keeps the same entries, whether pairs are computed at once or in chunks', async () => {
  const text = (chunk: string): string => `
use std.nn { Linear }
pipeline paired {
  model net = Linear(4, 3)
  adapter enc = lora(net, rank = 2, dropout = 0.5)
  let a = draw normal of [4, 4]
  let b = draw normal of [4, 4]
  let near = mean(square(net(a[i] - b[j]) - 1.0), axis = 1) for i, j in 4
  stage learn { train enc; minimize mean(logsumexp(near, 1)); optimizer adamw(lr = 0.1); steps 4; ${chunk} }
}`
  const losses: number[][] = []
  for (const [k, chunk] of ['', 'chunk 2', 'chunk 1'].entries()) {
    const runDir = join(folder, `run-${k}`)
    expect((await runPipeline(compileText(text(chunk)), options({ runDir }))).status).toBe('done')
    const lines = readFileSync(join(runDir, 'metrics.jsonl'), 'utf8').trimEnd().split('\n')
    losses.push(lines.map((line) => (JSON.parse(line) as { loss: number }).loss))
  }
  const [whole = [], ...others] = losses
  // B starts at zero, so that masks act from the second step on
  expect(new Set(whole).size).toBe(4)
  for (const other of others) other.forEach((loss, i) => expect(loss).toBeCloseTo(whole[i] ?? NaN, 5))
})

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import onnxProto from 'onnx-proto'
import { expect, test } from 'vitest'
import type { GraphSpec } from '../../src/artefact/graphs.js'
import { DiskFiles } from '../../src/cli/files.js'
import { compile } from '../../src/compiler/index.js'
import { WorkerThread } from '../../src/runtime/thread.js'
import { fileSystemRoot } from '../../src/runtime/weights.js'
import { feedsOf, planOfSteps, steppedStage } from '../tools/stepping.js'

const { ModelProto } = onnxProto.onnx
const n = 1024
const products = 12

/** x multiplied with itself over and over: long enough that a blocked thread shows. */
function slowGraph(): { spec: GraphSpec; model: Uint8Array } {
  const type = { tensorType: { elemType: 1, shape: { dim: [{ dimValue: n }, { dimValue: n }] } } }
  const node = Array.from({ length: products }, (_, i) => ({
    opType: 'MatMul',
    input: [i === 0 ? 'x' : `y${i - 1}`, 'x'],
    output: [`y${i}`],
  }))
  const output = `y${products - 1}`
  const model = ModelProto.encode({
    irVersion: 10,
    opsetImport: [{ domain: '', version: 22 }],
    graph: { name: 'slow', node, input: [{ name: 'x', type }], output: [{ name: output, type }] },
  }).finish()
  const boundary = { dtype: 'f32' as const, shape: [n, n] }
  const spec: GraphSpec = {
    file: 'slow.onnx',
    inputs: [{ name: 'x', ...boundary, role: { kind: 'draw', path: 'x', distribution: { kind: 'normal' } } }],
    outputs: [{ name: output, ...boundary, role: { kind: 'result', name: 'y' } }],
    parameters: [],
    flops: 0,
    optimization: 'disabled',
    peak_bytes: 0,
  }
  return { spec, model: new Uint8Array(model) }
}

test('the main thread stays free while a graph runs, and gets its memory back', async () => {
  const thread = new WorkerThread()
  const { spec, model } = slowGraph()
  await thread.call('openGraph', [spec, model, { target: 'cpu', root: fileSystemRoot, threads: 1 }])
  const data = new Float32Array(n * n).fill(1 / n)
  let ticks = 0
  const timer = setInterval(() => ticks++, 1)
  const { results, buffers } = await thread.call(
    'runGraph',
    [{ x: { dtype: 'f32', shape: [n, n], data } }],
    [data.buffer],
  )
  clearInterval(timer)
  await thread.call('closeGraph', [])
  await thread.end()

  // Were the run on this thread, no timer would have fired before its end.
  expect(ticks).toBeGreaterThan(0)
  // A matrix of 1/n is its own product.
  expect(results[`y${products - 1}`]?.data[5 * n + 7]).toBeCloseTo(1 / n, 6)
  expect(data.byteLength).toBe(0)
  expect(buffers.map((b) => b.byteLength)).toEqual([4 * n * n])
})

test("an error in the thread is the caller's, and later requests are still served", async () => {
  const thread = new WorkerThread()
  await expect(thread.call('runGraph', [{}])).rejects.toThrow('no graph is open')
  await expect(
    thread.call('openGraph', [slowGraph().spec, new Uint8Array(3), { target: 'cpu', root: '/' }]),
  ).rejects.toThrow()
  const { spec, model } = slowGraph()
  await thread.call('openGraph', [spec, model, { target: 'cpu', root: fileSystemRoot }])
  await thread.end()
})

test('a thread ends when it has served what was asked for, and serves nothing more', async () => {
  const thread = new WorkerThread()
  const { spec, model } = slowGraph()
  await thread.call('openGraph', [spec, model, { target: 'cpu', root: fileSystemRoot, threads: 1 }])
  const data = new Float32Array(n * n).fill(1 / n)
  const running = thread.call('runGraph', [{ x: { dtype: 'f32', shape: [n, n], data } }], [data.buffer])
  // long enough for the run to begin, which an end at once would not survive
  await new Promise((resolve) => setTimeout(resolve, 30))
  const [{ results }] = await Promise.all([running, thread.end()])
  expect(results[`y${products - 1}`]?.data[0]).toBeCloseTo(1 / n, 6)
  await expect(thread.call('isFinite', [])).rejects.toThrow('ended with code')
})

test('a step has waited for its batch alone, not for what else was done before it', async () => {
  const { artefact } = compile({ entry: 'pipelines/examples/digits.dcr', files: new DiskFiles('.') })
  if (!artefact) throw new Error('the example does not compile')
  const name = artefact.manifest.stages[0]?.name ?? ''
  const stepped = steppedStage(artefact, name)
  const scratch = mkdtempSync(join(tmpdir(), 'dcrc-waits-'))
  const thread = new WorkerThread()
  const step = async (k: number): Promise<number> => {
    const { outcome } = await thread.call('step', [0, feedsOf(stepped, k), false])
    return outcome.kind === 'done' ? outcome.waitMs : Number.NaN
  }
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
  try {
    await thread.call('openStage', [await planOfSteps(artefact, stepped, scratch, { threads: 1 })])
    await step(1)
    await sleep(200)
    expect(await step(2)).toBeGreaterThan(150)
    // As an evaluation does: its last request is served late.
    await sleep(2000)
    await thread.call('closeGraph', [])
    expect(await step(3)).toBeLessThan(1500)
  } finally {
    await thread.end()
    rmSync(scratch, { recursive: true })
  }
})

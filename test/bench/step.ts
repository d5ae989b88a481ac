/**
 * Runs a training step of a compiled pipeline in a process of its own, through the runner's own loop and sessions, and
 * prints what it took as one line of JSON. Weights are initial values and feeds are random: neither changes the time.
 *
 *     node --expose-gc --import tsx test/bench/step.ts <compiled folder> <stage> <repeats> <threads> [<warm-up> <folder> <executor> <waiting>]
 *
 * `folder` keeps the weights, or has them already; without one they are made and removed again. `waiting` is `spin` for
 * threads that spin while they wait, as onnxruntime's do by themselves.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, Tensor } from '../../src/runtime/onnxruntime.js'
import type { Artefact } from '../../src/artefact/manifest.js'
import { emit } from '../../src/compiler/9-emit/onnx.js'
import { asleep, session as onCpu } from '../../src/targets/cpu/session.js'
import { Builder } from '../../src/graph/builder.js'
import { loadArtefact } from '../../src/runtime/artefact.js'
import { executorNames } from '../../src/runtime/executors/names.js'
import { StepLoop } from '../../src/runtime/step-loop.js'
import { feedsOf, planOfSteps, steppedStage } from '../tools/stepping.js'

/** What one process measured. */
export interface StepMeasure {
  readonly seconds: readonly number[]
  /** Processor time of a step, of all threads. */
  readonly processorSeconds: number
  /** Resident bytes before state and session are made, and at the most. */
  readonly bytesBefore: number
  readonly bytesPeak: number
  /** Seconds of a product of two float32 matrices of 1024 x 1024 in onnxruntime: the fastest. */
  readonly matmulSeconds: number
}

const [
  folder = '',
  stageName = '',
  repeats = '5',
  threads = '2',
  warmup = '3',
  kept,
  executor = 'c-api',
  waiting,
] = process.argv.slice(2)
if (waiting === 'spin') asleep['intra_op.allow_spinning'] = '1'
const scratch = kept ?? mkdtempSync(join(tmpdir(), 'dcrc-bench-'))
try {
  process.stdout.write(
    `${JSON.stringify(await measure(loadArtefact(folder), Number(repeats), Number(threads)))}\n`,
  )
} finally {
  if (kept === undefined) rmSync(scratch, { recursive: true })
}

async function measure(artefact: Artefact, times: number, count: number): Promise<StepMeasure> {
  const stepped = steppedStage(artefact, stageName)
  const plan = await planOfSteps(artefact, stepped, scratch, {
    executor: executorNames.find((name) => name === executor),
    threads: count,
  })
  globalThis.gc?.()
  // Writing 5 sets the peak to what is resident now.
  writeFileSync('/proc/self/clear_refs', '5')
  const bytesBefore = kilobytes('VmRSS') * 1024
  const loop = await StepLoop.open(plan)
  const seconds: number[] = []
  let processor = 0
  for (let step = 1; step <= Number(warmup) + times; step++) {
    const fed = feedsOf(stepped, step)
    const before = process.cpuUsage()
    const outcome = await loop.step(0, fed, false)
    const { user, system } = process.cpuUsage(before)
    if (outcome.kind !== 'done') throw new Error(`step ${step}: ${JSON.stringify(outcome)}`)
    if (step <= Number(warmup)) continue
    seconds.push(outcome.stepMs / 1000)
    processor += (user + system) / 1e6
  }
  const processorSeconds = processor / times
  const bytesPeak = kilobytes('VmHWM') * 1024
  await loop.close()
  const matmulSeconds = await matmul(count)
  return { seconds, processorSeconds, bytesBefore, bytesPeak, matmulSeconds }
}

/** Seconds of the fastest of 20 products, with the sessions' own options. */
async function matmul(count: number): Promise<number> {
  const size = 1024
  const b = new Builder()
  const type = { dtype: 'f32', shape: [size, size] } as const
  const product = b.matmul(b.input('x', type), b.input('y', type))
  const session = await InferenceSession.create(emit(b.finish('matmul', [{ name: 'z', value: product }])), {
    ...onCpu.options,
    intraOpNumThreads: count,
  })
  const values = Float32Array.from({ length: size * size }, (_, i) => (i % 97) / 97)
  const tensor = new Tensor('float32', values, [size, size])
  let fastest = Infinity
  for (let k = 0; k < 20; k++) {
    const start = performance.now()
    const results = await session.run({ x: tensor, y: tensor })
    fastest = Math.min(fastest, (performance.now() - start) / 1000)
    for (const result of Object.values(results)) result.dispose()
  }
  await session.release()
  return fastest
}

function kilobytes(key: 'VmRSS' | 'VmHWM'): number {
  const line = new RegExp(`${key}:\\s+(\\d+) kB`).exec(readFileSync('/proc/self/status', 'utf8'))
  return Number(line?.[1] ?? NaN)
}

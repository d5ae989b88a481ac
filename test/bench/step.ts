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
import type { GraphSpec } from '../../src/artefact/graphs.js'
import type { Artefact } from '../../src/artefact/manifest.js'
import type { UpdateSpec } from '../../src/artefact/stages.js'
import { emit } from '../../src/compiler/9-emit/onnx.js'
import { asleep, session as onCpu } from '../../src/targets/cpu/session.js'
import { link } from '../../src/artefact/link.js'
import { Builder } from '../../src/graph/builder.js'
import { byteSize } from '../../src/graph/types.js'
import { loadArtefact } from '../../src/runtime/artefact.js'
import { draw, drawKey } from '../../src/runtime/draws.js'
import { executorNames } from '../../src/runtime/executors/names.js'
import { hyperAt } from '../../src/runtime/hyper.js'
import { type StagePlan, StepLoop } from '../../src/runtime/step-loop.js'
import { type HostTensor, type HostTensors, hostArray } from '../../src/runtime/tensors.js'
import { fileSystemRoot } from '../../src/runtime/weights.js'
import { initialWeights } from './weights.js'

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
  const stage = artefact.manifest.stages.find((s) => s.name === stageName)
  const [update] = stage?.updates ?? []
  if (!stage || !update) throw new Error(`${folder} has no stage ${stageName}`)
  const plan = await planOf(artefact, update, count)
  globalThis.gc?.()
  // Writing 5 sets the peak to what is resident now.
  writeFileSync('/proc/self/clear_refs', '5')
  const bytesBefore = kilobytes('VmRSS') * 1024
  const loop = await StepLoop.open(plan)
  const seconds: number[] = []
  let processor = 0
  for (let step = 1; step <= Number(warmup) + times; step++) {
    const fed = feeds(update, stage.steps, step)
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

async function planOf({ manifest, files }: Artefact, update: UpdateSpec, count: number): Promise<StagePlan> {
  const weights = await initialWeights(manifest, scratch)
  const linked = (spec: GraphSpec | null): Uint8Array | null => {
    const model = spec && files.get(spec.file)
    return spec && model ? link(model, weights.bindings(spec)) : null
  }
  const { step, prologue } = update.graphs
  const graphs = { step: linked(step), monitored: null, micro: null, prologue: linked(prologue) }
  const prologueFile = prologue && join(scratch, `${stageName}.prologue.safetensors`)
  return {
    skips: false,
    updates: [{ spec: update, graphs, prologueFile }],
    state: update.trained.flatMap(({ model, path, shape }) => [
      { key: `param/${model}/${path}`, dtype: 'f32' as const, shape, stored: weights.parameter(model, path) },
      ...update.slots.map((slot) => ({
        key: `${slot}/${model}/${path}`,
        dtype: 'f32' as const,
        shape,
        stored: null,
      })),
    ]),
    settings: {
      target: 'cpu',
      executor: executorNames.find((name) => name === executor),
      root: fileSystemRoot,
      threads: count,
    },
  }
}

function feeds(update: UpdateSpec, steps: number, step: number): HostTensors {
  const hyper = hyperAt(update, step, steps)
  const fed: Record<string, HostTensor> = {}
  for (const input of update.graphs.step.inputs) {
    const { name, dtype, shape, role } = input
    if (role.kind === 'state' || role.kind === 'prologue') continue
    const data = hostArray(dtype, new ArrayBuffer(byteSize(input)))
    const key = drawKey('bench', name)
    if (role.kind === 'hyper') data[0] = hyper[role.group]?.scalars[role.name] ?? 0
    else if (role.kind === 'draw') draw(role.distribution, shape, { key, step, micro: 0 }, data)
    else {
      // Pictures in [0, 1), and integers that every vocabulary has.
      const kind = dtype === 'f32' ? 'uniform' : 'randint'
      draw({ kind, low: 0, high: dtype === 'f32' ? 1 : 10 }, shape, { key, step, micro: 0 }, data)
    }
    fed[name] = { dtype, shape, data }
  }
  return fed
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

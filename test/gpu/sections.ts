/**
 * What is asked of a machine with a GPU, section by section: `device.ts` runs them there. Each gives what it saw, which is
 * written before the next one begins.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import koffi from 'koffi'
import type { Artefact } from '../../src/artefact/manifest.js'
import { DiskFiles } from '../../src/cli/files.js'
import { compile } from '../../src/compiler/index.js'
import { lackOf } from '../../src/providers/lack.js'
import { StepLoop } from '../../src/runtime/step-loop.js'
import { cpu } from '../../src/targets/cpu/index.js'
import { cuda, cudaTf32 } from '../../src/targets/cuda/index.js'
import { sessions } from '../../src/targets/sessions.js'
import type { Target } from '../../src/targets/target.js'
import { type Stepped, feedsOf, planOfSteps, steppedStage } from '../tools/stepping.js'

export interface Section {
  readonly name: string
  /** How long it may take, in seconds; a longer one is ended, and the next one begins. */
  readonly seconds: number
  readonly run: (scratch: string) => Promise<unknown>
}

const quickstart = 'pipelines/quickstart/quickstart.dcr'
const paper = 'pipelines/dcr.dcr'

export const sections: readonly Section[] = [
  { name: 'machine', seconds: 25, run: async () => machine() },
  { name: 'one-step', seconds: 60, run: (scratch) => sameAsProcessor(scratch, 'align', 1) },
  { name: 'align', seconds: 60, run: (scratch) => sameAsProcessor(scratch, 'align', 20) },
  { name: 'enhance', seconds: 90, run: (scratch) => sameAsProcessor(scratch, 'enhance', 20) },
  { name: 'captured', seconds: 60, run: captured },
  { name: 'full-align', seconds: 120, run: (scratch) => full(scratch, 'align', cuda) },
  { name: 'full-enhance', seconds: 120, run: (scratch) => full(scratch, 'enhance', cuda) },
  { name: 'full-enhance-tf32', seconds: 90, run: (scratch) => full(scratch, 'enhance', cudaTf32) },
  { name: 'pytorch', seconds: 120, run: async () => pytorch('eager') },
  { name: 'pytorch-compiled', seconds: 150, run: async () => pytorch('compiled') },
]

/** The device, its driver, and what onnxruntime's provider lacks here. */
function machine(): unknown {
  const asked = '--query-gpu=name,driver_version,memory.total,clocks.max.sm'
  const installed = sessions[cuda.name]?.installed
  return {
    gpu: attempt(() =>
      execFileSync('nvidia-smi', [asked, '--format=csv,noheader'], { encoding: 'utf8' }).trim(),
    ),
    node: process.version,
    lack: installed && (lackOf(installed) ?? null),
  }
}

/** The same steps on both devices from the same values: how far losses and the state after them lie apart. */
async function sameAsProcessor(scratch: string, stage: string, steps: number): Promise<unknown> {
  const on = async (target: Target) =>
    train(compiled(quickstart, target), stage, { scratch, steps, name: target.name })
  const [expected, got] = [await on(cpu), await on(cuda)]
  return { ...got, losses: apart(expected.losses, got.losses), state: stateApart(expected.file, got.file) }
}

/** Runs that are recorded and launched as a whole leave the same bits, or where they do not. */
async function captured(scratch: string): Promise<unknown> {
  const artefact = compiled(quickstart, cuda)
  const found = []
  for (const stage of ['align', 'enhance']) {
    const train20 = (captured: boolean) =>
      train(artefact, stage, { scratch, steps: 20, captured, name: captured ? 'captured' : 'launched' })
    const [launched, whole] = [await train20(false), await train20(true)]
    const equal = Buffer.compare(readFileSync(launched.file), readFileSync(whole.file)) === 0
    found.push({
      stage,
      equal,
      ...(equal ? {} : { state: stateApart(launched.file, whole.file) }),
      launched: launched.stepMs,
      captured: whole.stepMs,
    })
  }
  return found
}

/** Five steps of the paper's pipeline at its real size, N = 16, with random weights. */
async function full(scratch: string, stage: string, target: Target): Promise<unknown> {
  const began = performance.now()
  const artefact = compiled(paper, target, new Map([['batch', '16']]))
  const compileSeconds = (performance.now() - began) / 1000
  const trained = await train(artefact, stage, { scratch, steps: 5, name: target.name })
  const predicted = steppedStage(artefact, stage).update.graphs.step.peak_bytes
  return { compileSeconds, predictedBytes: predicted, ...trained }
}

/** The published step in PyTorch on the same device. */
function pytorch(how: 'eager' | 'compiled'): unknown {
  const python = process.env['DCRC_PYTHON'] ?? 'python3'
  const told = execFileSync(python, ['test/bench/pytorch_full.py', 'enhance', '16', '5', '8', 'cuda', how], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return JSON.parse(told)
}

function compiled(entry: string, target: Target, settings = new Map<string, string>()): Artefact {
  const { artefact, diagnostics } = compile({ entry, files: new DiskFiles(process.cwd()), target, settings })
  if (!artefact) throw new Error(diagnostics.map(({ message }) => message).join('; '))
  return artefact
}

interface Trained {
  readonly losses: readonly number[]
  readonly stepMs: readonly number[]
  /** From nothing to the end of the first step. */
  readonly firstStepSeconds: number
  /** What is taken of the device's memory after the last step: arenas keep what they took. */
  readonly deviceBytes: number | null
  /** The state after the last step. */
  readonly file: string
}

async function train(
  artefact: Artefact,
  stage: string,
  how: {
    readonly scratch: string
    readonly steps: number
    readonly name: string
    readonly captured?: boolean
  },
): Promise<Trained> {
  const before = takenOnDevice()
  const stepped = steppedStage(artefact, stage)
  const weights = join(how.scratch, `weights-${artefact.manifest.pipeline}`)
  mkdirSync(weights, { recursive: true })
  const began = performance.now()
  const plan = await planOfSteps(artefact, stepped, weights, {
    executor: 'c-api',
    captured: how.captured === true,
  })
  const loop = await StepLoop.open(plan)
  try {
    const [losses, stepMs]: [number[], number[]] = [[], []]
    let firstStepSeconds = NaN
    for (let step = 1; step <= how.steps; step++) {
      const outcome = await loop.step(0, feedsOf(stepped, step), false)
      if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome))
      if (step === 1) firstStepSeconds = (performance.now() - began) / 1000
      losses.push(outcome.loss)
      stepMs.push(Math.round(outcome.stepMs * 100) / 100)
    }
    const after = takenOnDevice()
    const file = join(how.scratch, `${how.name}-${artefact.manifest.pipeline}-${stage}.safetensors`)
    await loop.write(file, stateOf(stepped))
    const deviceBytes = before === null || after === null ? null : after - before
    return { losses, stepMs, firstStepSeconds, deviceBytes, file }
  } finally {
    await loop.close()
  }
}

const stateOf = ({ update }: Stepped) =>
  update.trained.flatMap(({ model, path, shape }) =>
    ['param', ...update.slots].map((slot) => {
      const key = `${slot}/${model}/${path}`
      return { key, name: key, dtype: 'f32' as const, shape }
    }),
  )

/** The largest difference, of the largest value. */
function apart(expected: ArrayLike<number>, got: ArrayLike<number>): number {
  let [largest, difference] = [0, 0]
  for (let k = 0; k < expected.length; k++) {
    const value = expected[k] ?? NaN
    largest = Math.max(largest, Math.abs(value))
    difference = Math.max(difference, Math.abs(value - (got[k] ?? NaN)))
  }
  return difference / largest
}

/** The tensors of the state that lie furthest apart. */
function stateApart(expected: string, got: string): readonly { name: string; apart: number }[] {
  const [a, b] = [expected, got].map(tensorsOf)
  const found = [...(a ?? [])].map(([name, values]) => {
    return { name, apart: apart(values, b?.get(name) ?? []) }
  })
  return found.toSorted((p, q) => q.apart - p.apart).slice(0, 5)
}

function tensorsOf(file: string): ReadonlyMap<string, Float32Array> {
  const bytes = readFileSync(file)
  const length = Number(bytes.readBigUInt64LE())
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<
    string,
    { data_offsets?: readonly [number, number] }
  >
  return new Map(
    Object.entries(header).flatMap(([name, { data_offsets: at }]) =>
      at
        ? [
            [
              name,
              new Float32Array(
                Uint8Array.prototype.slice.call(bytes, 8 + length + at[0], 8 + length + at[1]).buffer,
              ),
            ],
          ]
        : [],
    ),
  )
}

/** Bytes of the device's memory that are taken, by whomever; null where there is no device. */
function takenOnDevice(): number | null {
  return attempt(() => {
    const [free, total] = [new BigUint64Array(1), new BigUint64Array(1)]
    koffi.load('libcudart.so.13').func('int cudaMemGetInfo(void *, void *)')(free, total)
    return Number((total[0] ?? 0n) - (free[0] ?? 0n))
  })
}

function attempt<T>(work: () => T): T | null {
  try {
    return work()
  } catch {
    return null
  }
}

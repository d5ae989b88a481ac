/**
 * Trains some steps of a stage on CUDA by the C API of onnxruntime and prints, as a line of JSON for each, what the stub's
 * libraries have counted so far.
 *
 *     LD_LIBRARY_PATH=STUB npx tsx test/cuda/steps.ts FILE STAGE STEPS [captured]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import koffi from 'koffi'
import { DiskFiles } from '../../src/cli/files.js'
import { compile } from '../../src/compiler/index.js'
import { byteSize } from '../../src/graph/types.js'
import { StepLoop } from '../../src/runtime/step-loop.js'
import { cuda } from '../../src/targets/cuda/index.js'
import { feedsOf, planOfSteps, steppedStage } from '../tools/stepping.js'

/** What the stub counts, in bytes and calls. */
export interface Counts {
  readonly used: number
  readonly peak: number
  readonly toDevice: number
  readonly toHost: number
  readonly launches: number
  readonly graphLaunches: number
  /** Copies between host and device, and allocations, while a run was captured. */
  readonly inCapture: number
}

/** What was counted before all steps, behind each, and when all was given back. */
export interface Line {
  readonly counts: Counts
  /** Bytes that the step was fed, and that it gives beside the state. */
  readonly fed?: number
  readonly told?: number
  /** Bytes that its graph was predicted to need at the most. */
  readonly predicted?: number
}

const [entry = '', stageName = '', steps = '3', how] = process.argv.slice(2)
const { artefact } = compile({ entry, files: new DiskFiles(process.cwd()), target: cuda })
if (!artefact) throw new Error(`${entry} does not compile`)
const scratch = mkdtempSync(join(tmpdir(), 'dcrc-steps-'))
try {
  const stepped = steppedStage(artefact, stageName)
  const graph = stepped.update.graphs.step
  const told = graph.outputs
    .filter(({ role }) => role.kind !== 'state')
    .reduce((sum, output) => sum + byteSize(output), 0)
  const loop = await StepLoop.open(
    await planOfSteps(artefact, stepped, scratch, { executor: 'c-api', captured: how === 'captured' }),
  )
  const bytes = (tensors: Iterable<{ readonly data: ArrayBufferView }>): number =>
    [...tensors].reduce((sum, { data }) => sum + data.byteLength, 0)
  const say = (rest: Partial<Line>): void => console.log(JSON.stringify({ counts: counted(), ...rest }))
  say({})
  for (let step = 1; step <= Number(steps); step++) {
    const feeds = feedsOf(stepped, step)
    const outcome = await loop.step(0, feeds, false)
    if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome))
    say({ fed: bytes(Object.values(feeds)), told, predicted: graph.peak_bytes })
  }
  await loop.close()
  say({})
} finally {
  rmSync(scratch, { recursive: true })
}

function counted(): Counts {
  const text = new Uint8Array(1024)
  koffi.load('libcudart.so.13').func('void stub_counts(void *, size_t)')(text, text.length)
  return JSON.parse(new TextDecoder().decode(text.subarray(0, text.indexOf(0)))) as Counts
}

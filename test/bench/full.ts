/**
 * One optimizer step of the paper's pipeline at its real size, with random float32 weights: seconds, speed beside that
 * of a large matrix product, and the peak of memory beside what `dcrc plan` predicts; then the same step in eager
 * PyTorch, where a Python with torch, transformers, diffusers and peft is found (`DCRC_PYTHON`, else `python3`).
 *
 *     npm run bench:full -- --stage enhance --batch 2
 *
 * Takes 7 GB of disk, which `--scratch` keeps for the next time. Linux only.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { freemem, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { DiskFiles } from '../../src/cli/files.js'
import { plan } from '../../src/compiler/index.js'
import { loadArtefact } from '../../src/runtime/artefact.js'
import { productFlops } from './flops.js'
import { findPython } from './pytorch.js'
import type { StepMeasure } from './step.js'
import { initialWeights } from '../tools/weights.js'

const { values: options } = parseArgs({
  options: {
    stage: { type: 'string', default: 'enhance' },
    batch: { type: 'string', default: '2' },
    /** Steps to measure; the first one also brings the weights into memory. */
    steps: { type: 'string', default: '2' },
    threads: { type: 'string', default: '2' },
    scratch: { type: 'string' },
  },
})
const { stage, batch, steps, threads } = options
const entry = 'pipelines/dcr.dcr'
const modules = 'import torch, transformers, diffusers, peft'

const scratch =
  options.scratch === undefined ? mkdtempSync(join(tmpdir(), 'dcrc-full-')) : resolve(options.scratch)
mkdirSync(scratch, { recursive: true })
try {
  await main()
} finally {
  if (options.scratch === undefined) rmSync(scratch, { recursive: true })
}

async function main(): Promise<void> {
  const folder = join(scratch, `compiled-${batch}`)
  const began = performance.now()
  child(process.execPath, ['dist/cli/main.js', 'compile', entry, '--set', `batch=${batch}`, '--out', folder])
  say(`compiled in ${((performance.now() - began) / 1000).toFixed(1)} s`)

  const settings = new Map([['batch', batch]])
  const planned = plan({ entry, files: new DiskFiles(process.cwd()), settings }).plan?.stages.find(
    (s) => s.stage === stage,
  )
  const { manifest } = loadArtefact(folder)
  const spec = manifest.stages.find((s) => s.name === stage)
  if (!planned || !spec) throw new Error(`${entry} has no stage ${stage}`)
  await initialWeights(manifest, scratch)
  say(`weights lie in ${scratch}; ${gigabytes(freemem())} of memory are free`)

  const script = ['--expose-gc', '--import', 'tsx', 'test/bench/step.ts']
  const ours = JSON.parse(
    child(process.execPath, [...script, folder, stage, steps, threads, '0', scratch]),
  ) as StepMeasure
  const seconds = Math.min(...ours.seconds)
  const flops = productFlops(planned)
  const matmul = (2 * 1024 ** 3) / ours.matmulSeconds
  const peak = ours.bytesPeak - ours.bytesBefore
  const predicted = spec.updates[0]?.graphs.step.peak_bytes ?? NaN
  say(
    `stage ${stage}, batch ${batch}, ${threads} threads, ${(flops / 1e12).toFixed(2)} TFLOP in products and convolutions`,
  )
  say(`dcrc     ${list(ours.seconds)} s a step, ${(flops / seconds / 1e9).toFixed(0)} GFLOP/s at best`)
  say(
    `         ${((flops / seconds / matmul) * 100).toFixed(0)} % of a 1024-cubed product's ${(matmul / 1e9).toFixed(0)} GFLOP/s beside it`,
  )
  say(
    `         peak ${gigabytes(peak)}, predicted ${gigabytes(predicted)} (${(predicted / peak).toFixed(2)})`,
  )

  const found = findPython(modules)
  if ('missing' in found) return say(`no PyTorch, so no comparison with it (${found.missing})`)
  const theirs = JSON.parse(
    child(found.python, ['test/bench/pytorch_full.py', stage, batch, steps, threads]),
  ) as FullPytorch
  say(
    `PyTorch  ${list(theirs.seconds)} s a step (${theirs.torch}), peak ${gigabytes(theirs.bytes_peak - theirs.bytes_before)}`,
  )
  say(`dcrc / PyTorch: ${(seconds / Math.min(...theirs.seconds)).toFixed(2)} of the time`)
}

/** What `pytorch_full.py` prints. */
interface FullPytorch {
  readonly torch: string
  readonly seconds: readonly number[]
  readonly bytes_before: number
  readonly bytes_peak: number
}

/** Runs a process and gives what it prints; its messages come through. */
function child(command: string, args: readonly string[]): string {
  const { status, signal, stdout } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 28,
  })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status ?? signal}`)
  return stdout
}

function list(seconds: readonly number[]): string {
  return seconds.map((s) => s.toFixed(1)).join(', ')
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

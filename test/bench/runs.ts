/**
 * Measures what the project promises about runs, within one run on one machine:
 *
 * 1. how much longer a step is that writes a checkpoint of 100 MB: medians of steps with and without one, in turns;
 * 2. resident memory over 10,000 steps of training that records, saves and measures: the most of the second half beside
 *    the most of the first.
 *
 *     npm run bench:runs -- --steps 10000 --out bench.json
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { DiskFiles } from '../../src/cli/files.js'
import { compile } from '../../src/compiler/index.js'
import type { RunEvent } from '../../src/runtime/events.js'
import { runPipeline } from '../../src/runtime/run.js'
import { median } from './median.js'

const { values: options } = parseArgs({
  options: {
    steps: { type: 'string', default: '10000' },
    /** Checkpoints that are timed. */
    saves: { type: 'string', default: '15' },
    out: { type: 'string' },
  },
})
const [steps, saves] = [options.steps, options.saves].map(Number) as [number, number]

const scratch = mkdtempSync(join(tmpdir(), 'dcrc-bench-'))
try {
  const results = {
    machine: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
    ...(await saving()),
    ...(await longRun()),
  }
  for (const [name, value] of Object.entries(results)) process.stdout.write(`${name.padEnd(34)} ${value}\n`)
  if (options.out) writeFileSync(options.out, `${JSON.stringify(results, null, 2)}\n`)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

/** A parameter of so many numbers: with the two moments of AdamW its state is three times that. */
async function saving() {
  const numbers = Math.round(100e6 / 4 / 3)
  const ends: number[] = []
  let bytes = 0
  await run(
    'saving',
    `
module Vector() { value: float[${numbers}] = zeros; fn forward() = value }
pipeline saving {
  model a = Vector()
  stage fit {
    train a
    minimize mean(square(a.value - 1.0))
    optimizer adamw(lr = 0.1)
    steps ${2 * saves}
    save_every 2
    keep last 1
  }
}`,
    (event) => {
      if (event.kind === 'step') ends.push(performance.now())
      if (event.kind === 'checkpoint') bytes = 3 * 4 * numbers
    },
  )
  // a checkpoint is written between the end of an even step and the next one
  const lasted = ends.slice(1).map((end, k) => ({ step: k + 2, ms: end - (ends[k] ?? NaN) }))
  const [without, having] = [0, 1].map((rest) =>
    median(lasted.filter(({ step }) => step > 2 && step % 2 === rest).map(({ ms }) => ms)),
  ) as [number, number]
  return {
    'state saved, MB': (bytes / 1e6).toFixed(0),
    'a step, ms': without.toFixed(0),
    'a step behind which it is saved, ms': having.toFixed(0),
    'saving takes of the loop, s': ((having - without) / 1000).toFixed(2),
  }
}

async function longRun() {
  const resident: number[] = []
  await run(
    'long',
    `
use std.nn { BatchNorm1d, Linear }
module Net() { first = Linear(16, 32); bn = BatchNorm1d(32); fn forward(x) = bn(first(x)) }
pipeline long {
  model net = Net()
  state teacher = copy(net)
  let x = draw normal of [16, 16]
  next teacher = 0.9 * teacher + 0.1 * net after update
  stage fit {
    train net
    minimize mean(square(net(x) - teacher(x) - 1.0))
    optimizer adamw(lr = 1e-3)
    ema 0.99
    steps ${steps}
    save_every ${Math.ceil(steps / 50)}
    keep last 2
    monitor size = mean(square(net(x))) every 10
  }
  evaluate spread = average(value = mean(square(net(x))), batches = 2) every ${Math.ceil(steps / 50)}
}`,
    (event) => {
      if (event.kind === 'step' && event.line.step % Math.ceil(steps / 100) === 0)
        resident.push(process.memoryUsage.rss() / 1e6)
    },
  )
  const half = resident.length / 2
  const [first, second] = [resident.slice(0, half), resident.slice(half)].map((part) =>
    Math.max(...part),
  ) as [number, number]
  return {
    'steps of the long run': steps,
    'resident in its first half, MB': first.toFixed(0),
    'resident in its second half, MB': second.toFixed(0),
    growth: `${((100 * (second - first)) / first).toFixed(1)} %`,
  }
}

async function run(name: string, text: string, onEvent: (event: RunEvent) => void): Promise<void> {
  writeFileSync(join(scratch, `${name}.dcr`), text)
  const { artefact, diagnostics } = compile({ entry: `${name}.dcr`, files: new DiskFiles(scratch) })
  if (!artefact) throw new Error(diagnostics.map(({ message }) => message).join('\n'))
  const result = await runPipeline(artefact, { root: scratch, runDir: join(scratch, name), onEvent })
  if (result.status !== 'done') throw new Error(`${name}: ${JSON.stringify(result)}`)
}

/**
 * Measures what the project promises about speed and memory, all in one run on one machine:
 *
 * 1. what `dcrc check`, `plan` and `compile` of the quickstart and of the full-size DCR take as processes;
 * 2. training steps on onnxruntime, through the runner's own sessions, in turns with the same steps in eager PyTorch
 *    where a Python with torch is found (`DCRC_PYTHON`, else `python3`), and their peak memory;
 * 3. how much of a large matrix product's speed the steps reach;
 * 4. the peak of memory that `dcrc plan` predicts beside the measured one.
 *
 *     npm run bench -- --repeats 20 --rounds 3 --out bench.json
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { arch, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { DiskFiles } from '../../src/cli/files.js'
import { plan } from '../../src/compiler/index.js'
import type { StagePlan } from '../../src/compiler/plan/report.js'
import { loadArtefact } from '../../src/runtime/artefact.js'
import { measureCommands } from './commands.js'
import { productFlops } from './flops.js'
import { median } from './median.js'
import { type PytorchMeasure, findPython, pytorchStep } from './pytorch.js'
import type { StepMeasure } from './step.js'

const { values: options } = parseArgs({
  options: {
    /** Steps per round. */
    repeats: { type: 'string', default: '20' },
    /** How often onnxruntime and PyTorch take turns. */
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: '2' },
    /** Runs of each command; with `--only-commands` nothing else is measured. */
    commands: { type: 'string', default: '5' },
    'only-commands': { type: 'boolean', default: false },
    out: { type: 'string' },
  },
})
const [repeats, rounds, threads] = [options.repeats, options.rounds, options.threads].map(Number) as [
  number,
  number,
  number,
]

const quickstart = 'pipelines/quickstart/quickstart.dcr'

/** The steps, by their names in `pytorch_step.py`. */
const steps = [
  { name: 'DCR step, N = 8', file: quickstart, stage: 'enhance', torch: 'dcr' },
  { name: 'naive step, N = 8', file: 'pipelines/quickstart/naive.dcr', stage: 'enhance', torch: 'naive' },
  { name: 'CLIP step, N = 128', file: 'pipelines/quickstart/text.dcr', stage: 'pretrain', torch: 'clip' },
] as const

const scratch = mkdtempSync(join(tmpdir(), 'dcrc-bench-'))
try {
  main()
} finally {
  rmSync(scratch, { recursive: true })
}

function main(): void {
  const commands = measureCommands(
    [quickstart, 'pipelines/dcr.dcr'].flatMap((file) => [
      ['check', file],
      ['plan', file],
      ['compile', file, '--out', join(scratch, 'timed')],
    ]),
    Number(options.commands),
  )
  table(
    ['process', 'seconds', 'processor', 'of an empty one', 'MB at most'],
    commands.map(({ command, seconds, processor, bytes }) => [
      command,
      seconds.toFixed(2),
      processor.toFixed(2),
      // a slower or busier machine changes both
      (processor / (commands[0]?.processor ?? processor)).toFixed(1),
      megabytes(bytes),
    ]),
  )
  if (options['only-commands']) return

  const found = findPython()
  if ('missing' in found) say(`no PyTorch, so no comparison with it (${found.missing})\n`)
  const measured = steps.map((step) => ({ step, ...measureStep(step, found) }))
  table(
    ['step', 'ours ms', 'PyTorch ms', 'ratio', 'ours MB', 'PyTorch MB', 'of MatMul', 'predicted MB', 'ratio'],
    measured.map(({ step, ours, torch, share, predicted }) => [
      step.name,
      (ours.seconds * 1e3).toFixed(1),
      torch ? (torch.seconds * 1e3).toFixed(1) : '-',
      torch ? (ours.seconds / torch.seconds).toFixed(2) : '-',
      megabytes(ours.bytes),
      torch ? megabytes(torch.bytes) : '-',
      `${(share * 100).toFixed(0)} %`,
      megabytes(predicted),
      (predicted / ours.bytes).toFixed(2),
    ]),
  )
  say(`medians of ${rounds} x ${repeats} steps on ${threads} threads; MB is the growth of resident memory;`)
  say(
    '`of MatMul` is MatMul and Conv FLOPs a second over those of a 1024-cubed product in the same process\n',
  )
  if (options.out !== undefined) {
    const machine = { node: process.version, arch: arch(), cpu: cpus()[0]?.model, cores: cpus().length }
    writeFileSync(
      options.out,
      `${JSON.stringify({ machine, repeats, rounds, threads, commands, steps: measured }, null, 1)}\n`,
    )
  }
}

type Step = (typeof steps)[number]

function measureStep(step: Step, found: ReturnType<typeof findPython>) {
  const folder = join(scratch, step.torch)
  node(['dist/cli/main.js', 'compile', step.file, '--out', folder])
  const ours: StepMeasure[] = []
  const theirs: PytorchMeasure[] = []
  for (let round = 0; round < rounds; round++) {
    const script = ['--expose-gc', '--import', 'tsx', 'test/bench/step.ts']
    ours.push(JSON.parse(node([...script, folder, step.stage, `${repeats}`, `${threads}`])) as StepMeasure)
    if ('python' in found) theirs.push(pytorchStep(found.python, step.torch, repeats, threads))
  }
  const planned = planOf(step)
  const seconds = median(ours.flatMap((m) => m.seconds))
  const matmulFlops = (2 * 1024 ** 3) / Math.min(...ours.map((m) => m.matmulSeconds))
  const flops = productFlops(planned)
  return {
    ours: { seconds, flops, bytes: Math.max(...ours.map((m) => m.bytesPeak - m.bytesBefore)) },
    torch:
      theirs.length === 0
        ? null
        : {
            version: theirs[0]?.torch,
            seconds: median(theirs.map((m) => m.seconds_median)),
            flops: theirs[0]?.flops,
            bytes: Math.max(...theirs.map((m) => m.bytes_peak - m.bytes_before)),
          },
    matmulFlops,
    share: flops / seconds / matmulFlops,
    predicted: predictedPeak(folder, step),
  }
}

function planOf(step: Step): StagePlan {
  const { plan: all } = plan({ entry: step.file, files: new DiskFiles(process.cwd()) })
  const found = all?.stages.find((s) => s.stage === step.stage)
  if (!found) throw new Error(`no plan of stage ${step.stage} of ${step.file}`)
  return found
}

/** The peak that the manifest predicts for the graph that is measured, the plain step. */
function predictedPeak(folder: string, step: Step): number {
  const { manifest } = loadArtefact(folder)
  const found = manifest.stages.find((s) => s.name === step.stage)
  const [update] = found?.updates ?? []
  if (!update) throw new Error(`no stage ${step.stage} in ${folder}`)
  return update.graphs.step.peak_bytes
}

/** Runs a Node process and gives what it prints. */
function node(args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`)
  return stdout
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function table(heading: readonly string[], rows: readonly (readonly string[])[]): void {
  const all = [heading, ...rows]
  const widths = heading.map((_, k) => Math.max(...all.map((row) => row[k]?.length ?? 0)))
  for (const row of all)
    say(
      row
        .map((cell, k) => (k === 0 ? cell.padEnd(widths[k] ?? 0) : cell.padStart(widths[k] ?? 0)))
        .join('  '),
    )
  say('')
}

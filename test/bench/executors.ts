/**
 * Compares the executors: processor time, time and memory of a step, the steps of the benches and steps that do little
 * beside carrying 10, 100 and 400 MB of state. The executors take turns, each time in a process of its own; what is told
 * is the median of the ratios of the turns, so that what else the machine does weighs on both.
 *
 *     npm run bench:executors -- --rounds 3 --repeats 10
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { executorNames } from '../../src/runtime/executors/names.js'
import { median } from './median.js'
import type { StepMeasure } from './step.js'

const { values: options } = parseArgs({
  options: {
    /** Steps of a turn. */
    repeats: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: '1' },
    /** Only steps whose names hold this. */
    only: { type: 'string', default: '' },
  },
})

/** A layer so wide that its weights and what AdamW keeps of them are so many megabytes. */
const wide = (megabytes: number): string => `
module Wide() { w: float[64, ${Math.round((megabytes * 1e6) / 3 / 4 / 64)}] = zeros; fn forward(x) = x @ w }
pipeline wide {
  model layer = Wide()
  stage fit {
    train layer
    minimize mean(square(layer(draw normal of [4, 64]) - 1.0))
    optimizer adamw(lr = 0.001)
    steps 1000
  }
  export layer
}
`

const scratch = mkdtempSync(join(tmpdir(), 'dcrc-executors-'))
const wideStep = (megabytes: number) => {
  const file = join(scratch, `wide-${megabytes}.dcr`)
  writeFileSync(file, wide(megabytes))
  return { name: `${megabytes} MB of state`, file, stage: 'fit' }
}

const steps = [
  ...[10, 100, 400].map(wideStep),
  { name: 'DCR, N = 8', file: 'pipelines/quickstart/quickstart.dcr', stage: 'enhance' },
  { name: 'naive, N = 8', file: 'pipelines/quickstart/naive.dcr', stage: 'enhance' },
  { name: 'CLIP, N = 128', file: 'pipelines/quickstart/text.dcr', stage: 'pretrain' },
  { name: 'fine-tuning', file: 'pipelines/examples/fine_tune.dcr', stage: 'tune' },
]

try {
  const heading = [
    'step',
    'executor',
    'processor ms',
    'ms',
    'MB at most',
    'ratio of processor',
    'of ms',
    'of MB',
  ]
  process.stdout.write(`${heading.join(' | ')}\n`)
  for (const step of steps.filter(({ name }) => name.includes(options.only))) compare(step)
} finally {
  rmSync(scratch, { recursive: true })
}

function compare({ name, file, stage }: (typeof steps)[number]): void {
  const [folder, weights] = ['compiled', 'weights'].map((part) => join(scratch, part, name)) as [
    string,
    string,
  ]
  mkdirSync(weights, { recursive: true })
  node(['dist/cli/main.js', 'compile', file, '--weights', 'random', '--out', folder])
  const turns = Array.from({ length: Number(options.rounds) }, () =>
    executorNames.map((executor) => {
      const script = ['--expose-gc', '--import', 'tsx', 'test/bench/step.ts', folder, stage]
      const rest = [options.repeats, options.threads, '3', weights, executor]
      const measured = JSON.parse(node([...script, ...rest])) as StepMeasure
      return {
        processor: measured.processorSeconds * 1e3,
        time: median(measured.seconds) * 1e3,
        memory: (measured.bytesPeak - measured.bytesBefore) / 1e6,
      }
    }),
  )
  for (const [k, executor] of executorNames.entries()) {
    const of = (what: 'processor' | 'time' | 'memory'): number =>
      median(turns.map((turn) => turn[k]?.[what] ?? NaN))
    const ratio = (what: 'processor' | 'time' | 'memory'): string =>
      median(turns.map((turn) => (turn[k]?.[what] ?? NaN) / (turn[0]?.[what] ?? NaN))).toFixed(2)
    const cells = [name, executor, of('processor').toFixed(1), of('time').toFixed(1), of('memory').toFixed(0)]
    const ratios = k === 0 ? [] : [ratio('processor'), ratio('time'), ratio('memory')]
    process.stdout.write(`${[...cells, ...ratios].join(' | ')}\n`)
  }
}

/** Runs a Node process and gives what it prints. */
function node(args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`)
  return stdout
}

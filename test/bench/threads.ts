/**
 * What sleeping threads cost and bring: a step of the quickstart and one of a classifier with threads that sleep while
 * they wait for work, and with threads that spin, in turns, each in a process of its own; first with nothing beside them,
 * then beside busy processes, one for each core. What is told is the median of the ratios of the turns.
 *
 *     npm run bench:threads -- --rounds 5 --repeats 20
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { median } from './median.js'
import type { StepMeasure } from './step.js'

const { values: options } = parseArgs({
  options: {
    /** Steps of a turn. */
    repeats: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
  },
})

const steps = [
  { name: 'DCR, N = 8', file: 'pipelines/quickstart/quickstart.dcr', stage: 'enhance' },
  { name: 'alignment', file: 'pipelines/quickstart/quickstart.dcr', stage: 'align' },
  { name: 'classifier', file: 'pipelines/examples/classifier.dcr', stage: 'learn' },
]

const scratch = mkdtempSync(join(tmpdir(), 'dcrc-threads-'))
try {
  process.stdout.write('step | beside it | ms asleep | ms spinning | ratio of ms | of processor time\n')
  for (const step of steps) for (const others of [0, availableParallelism()]) compare(step, others)
} finally {
  rmSync(scratch, { recursive: true })
}

function compare({ name, file, stage }: (typeof steps)[number], others: number): void {
  const [folder, weights] = ['compiled', 'weights'].map((part) => join(scratch, part, name)) as [
    string,
    string,
  ]
  mkdirSync(weights, { recursive: true })
  node(['dist/cli/main.js', 'compile', file, '--weights', 'random', '--out', folder])
  const busy = Array.from({ length: others }, () => spawn(process.execPath, ['-e', 'for(;;);']))
  try {
    const measure = (waiting: string): { readonly ms: number; readonly processor: number } => {
      const script = ['--expose-gc', '--import', 'tsx', 'test/bench/step.ts', folder, stage]
      const rest = [options.repeats, options.threads, '3', weights, 'c-api', waiting]
      const measured = JSON.parse(node([...script, ...rest])) as StepMeasure
      return { ms: median(measured.seconds) * 1e3, processor: measured.processorSeconds * 1e3 }
    }
    const turns = Array.from({ length: Number(options.rounds) }, () => ({
      asleep: measure('sleep'),
      spinning: measure('spin'),
    }))
    const ms = (how: 'asleep' | 'spinning'): string => median(turns.map((t) => t[how].ms)).toFixed(1)
    const ratio = (of: 'ms' | 'processor'): string =>
      median(turns.map(({ asleep, spinning }) => asleep[of] / spinning[of])).toFixed(2)
    const beside = others === 0 ? 'nothing' : `${others} busy processes`
    process.stdout.write(
      `${[name, beside, ms('asleep'), ms('spinning'), ratio('ms'), ratio('processor')].join(' | ')}\n`,
    )
  } finally {
    for (const one of busy) one.kill('SIGKILL')
  }
}

/** Runs a Node process and gives what it prints. */
function node(args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`)
  return stdout
}

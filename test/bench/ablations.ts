import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { measureCommands } from './commands.js'

/*
 * What ablations take: twelve alike variants beside one of them (goal: three times), and the report of a run of 100,000
 * steps (goal: 5 s). Seconds are those of the processor, which other work on the machine changes less.
 *
 *     npm run bench:ablations
 */
const scratch = 'node_modules/.cache/dcrc-bench-ablations'
const base = '../../../pipelines/quickstart/quickstart.dcr'
const times = Number(process.argv[2] ?? 3)
const many = 12
const steps = 100_000

rmSync(scratch, { recursive: true, force: true })
mkdirSync(scratch, { recursive: true })
const file = (name: string, text: string): string => {
  writeFileSync(join(scratch, name), text)
  return join(scratch, name)
}
const ablation = (name: string, param: string, values: number): string => {
  const list = Array.from({ length: values }, (_, k) => `${(k + 1) / 1000}`).join(', ')
  return file(
    `${name}.dcr`,
    `use "${base}" { dcr }\nablation ${name} of dcr { vary ${param} in [${list}] }\n`,
  )
}
const compile = (path: string): readonly string[] => ['compile', path, '-o', `${path}.out`]
const lines = [
  compile(ablation('one', 'tau', 1)),
  compile(ablation('rates', 'lr', many)),
  compile(ablation('temperatures', 'tau', many)),
  ['report', stretched(), '--out', join(scratch, 'report.html')],
]
const [, one, ...others] = measureCommands(lines, times)
const [rates, temperatures, report] = others
if (!one || !rates || !temperatures || !report) throw new Error('a command was not measured')
const seconds = ({ processor }: typeof one): string => `${processor.toFixed(1)} s`
const beside = (all: typeof one): string =>
  `${seconds(all)}, ${(all.processor / one.processor).toFixed(1)} times`
process.stdout.write(
  `compile, one variant                         ${seconds(one)}
compile, ${many} variants, graphs are the same     ${beside(rates)}
compile, ${many} variants, a constant is another   ${beside(temperatures)}
report of ${steps.toLocaleString('en')} steps                      ${seconds(report)}
`,
)

/** The folder of a run whose lines of metrics are as many as those of a long one. */
function stretched(): string {
  const folder = join(scratch, 'run')
  const long = file(
    'long.dcr',
    `pipeline long {
  model net = Vector()
  let noise = draw normal of [3]
  stage learn {
    train net
    minimize mean((net.value + noise) ** 2)
    optimizer sgd(lr = 0.1)
    steps ${steps}
  }
}
module Vector() {
  value: float[3] = normal(std = 1.0)
  fn forward() = value
}
`,
  )
  const { status } = spawnSync(process.execPath, [
    'dist/cli/main.js',
    'run',
    long,
    '--steps',
    '1',
    '--run-dir',
    folder,
  ])
  if (status !== 0) throw new Error(`the run ended with ${status}`)
  const metrics = join(folder, 'metrics.jsonl')
  const line = JSON.parse(readFileSync(metrics, 'utf8')) as { loss: number }
  const all = Array.from({ length: steps }, (_, k) =>
    JSON.stringify({ ...line, step: k + 1, loss: line.loss / (1 + k / 1000) }),
  )
  writeFileSync(metrics, `${all.join('\n')}\n`)
  return folder
}

/**
 * Measures what an editor feels, in this process and without a transport: how long diagnostics take after a key stroke
 * in a file of about 300 lines, and how long 20,000 lines take to parse. Medians of wall time and of processor time (of
 * all threads, the collector's too), which other load on the machine changes little; the first rounds warm up.
 *
 *     npm run bench:editor
 *
 * which bundles it first, as the program is.
 */
import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { parse } from '../../src/compiler/1-parse/index.js'
import { Checks } from '../../src/lsp/checks.js'
import { Workspace } from '../../src/lsp/workspace.js'
import { median } from './median.js'

const warmup = 10
const rounds = 30

function measure(name: string, limit: number, run: (round: number) => void): void {
  const times: number[] = []
  const cpu: number[] = []
  for (let round = 0; round < warmup + rounds; round++) {
    const [start, used] = [performance.now(), process.cpuUsage()]
    run(round)
    if (round < warmup) continue
    times.push(performance.now() - start)
    const { user, system } = process.cpuUsage(used)
    cpu.push((user + system) / 1000)
  }
  const says = [
    name.padEnd(58),
    `${median(times).toFixed(1)} ms`,
    `processor ${median(cpu).toFixed(1)} ms`,
    limit === Infinity ? '' : `wanted: under ${limit} ms`,
  ]
  process.stdout.write(`${says.join('  ').trimEnd()}\n`)
}

/** A file with as many lines as wanted, by comments and functions at its end. */
function longer(text: string, lines: number): string {
  let all = text
  for (let k = 0; all.split('\n').length < lines; k++)
    all += `\n/// One of many.\nfn one_of_many_${k}(x, y) {\n  a = x * ${k}.0 + y\n  b = mean(a ** 2)\n  a / (b + 1.0)\n}\n`
  return all
}

function keyStroke(name: string, file: string): void {
  const text = longer(readFileSync(file, 'utf8'), 300)
  const workspace = new Workspace(process.cwd())
  const checks = new Checks(workspace)
  workspace.open(file, text)
  checks.full(file)
  measure(name, 50, (round) => {
    workspace.open(file, `${text}\nlet typed = ${round}\n`)
    checks.quick(file)
  })
  measure(
    `  the full check, ${name.startsWith('a small') ? 'which is part of that' : 'after a pause'}`,
    Infinity,
    (round) => {
      workspace.open(file, `${text}\nlet typed = ${round}\n`)
      checks.full(file)
    },
  )
}

keyStroke('a small pipeline in 300 lines: all diagnostics', 'pipelines/examples/digits.dcr')
keyStroke('the quickstart in 300 lines: syntax, names, data, models', 'pipelines/quickstart/quickstart.dcr')

const library = ['nn', 'clip', 'stable_diffusion'].map((f) => readFileSync(`pipelines/std/${f}.dcr`, 'utf8'))
let many = ''
while (many.split('\n').length < 20_000) many += library.join('\n')
measure(
  `parse ${many.split('\n').length.toLocaleString('en')} lines`,
  1000,
  () => void parse('many.dcr', many),
)

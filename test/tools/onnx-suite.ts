import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseCases, runCase } from '../onnx/node-case.js'

/*
 * npm run suite:onnx [-- --why] [-- CASES.jsonl]
 *
 * Runs the official cases of ONNX operators as they are shipped, and prints by operator how many are right, refused and
 * wrong. They come from PyPI's `onnx` (pinned in test/oracle/onnx_node_cases.py), in a virtual environment of their own
 * below node_modules/.cache; Python 3.10 or newer is needed. `--why` prints the reason of each case that is not right.
 */

const script = fileURLToPath(new URL('../oracle/onnx_node_cases.py', import.meta.url))
const cache = fileURLToPath(new URL('../../node_modules/.cache/onnx-suite', import.meta.url))

/** The file of all cases; made where it is not there. */
function casesFile(): string {
  const [, pinned = ''] = /# dependencies = \[(.*)\]/.exec(readFileSync(script, 'utf8')) ?? []
  const packages = [...pinned.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name)
  const folder = `${cache}/${packages[0] ?? 'onnx'}`
  const file = `${folder}/cases.jsonl`
  if (existsSync(file)) return file
  mkdirSync(folder, { recursive: true })
  const run = (command: string, ...args: string[]): unknown =>
    execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  run('python3', '-m', 'venv', `${folder}/venv`)
  run(`${folder}/venv/bin/python`, '-m', 'pip', 'install', '--quiet', ...packages)
  run(`${folder}/venv/bin/python`, '-W', 'ignore', script, file)
  return file
}

const options = process.argv.slice(2)
const given = options.find((o) => !o.startsWith('--'))
const began = performance.now()
const cases = parseCases(readFileSync(given ?? casesFile(), 'utf8'))
interface Row {
  cases: number
  right: number
  refused: number
  wrong: number
}
const empty = (): Row => ({ cases: 0, right: 0, refused: 0, wrong: 0 })
const rows = new Map<string, Row>()
const total = empty()
for (const c of cases) {
  const outcome = await runCase(c)
  const row = rows.get(c.operator) ?? empty()
  rows.set(c.operator, row)
  for (const counted of [row, total]) {
    counted.cases++
    counted[outcome.kind]++
  }
  if (options.includes('--why') && outcome.kind !== 'right')
    process.stderr.write(`${outcome.kind} ${c.operator} ${c.name}: ${outcome.why}\n`)
}
const line = (name: string, { cases, right, refused, wrong }: Row): string =>
  `| ${name} | ${cases} | ${right} | ${refused} | ${wrong} |`
const table = [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, row]) => line(name, row))
process.stdout.write(
  [
    '| operator | cases | right | refused | wrong |',
    '|---|---|---|---|---|',
    ...table,
    line('all', total),
    '',
    `${((performance.now() - began) / 1000).toFixed(0)} s`,
    '',
  ].join('\n'),
)
if (total.wrong > 0) process.exitCode = 1

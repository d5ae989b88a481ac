import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Analysis, analyze, compileAnalysed } from '../compiler/index.js'
import type { Artefact } from '../compiler/7-emit/manifest.js'
import { samePipeline } from '../diagnostics/catalogue/file.js'
import { folderTaken } from '../diagnostics/catalogue/run.js'
import { UserError } from '../diagnostics/diagnostic.js'
import { compareRuns, sentences } from '../report/compare.js'
import { gatesOf } from '../report/html/gate.js'
import { readRun } from '../report/read-run.js'
import { renderReport } from '../report/report.js'
import { textTable, wrap } from '../report/table.js'
import type { RunOptions } from '../runtime/options.js'
import { Screen } from '../runtime/screen.js'
import { StartResults } from '../runtime/start-results.js'
import { exitCodes } from './exit-codes.js'
import { withInterrupt } from './interrupt.js'
import { commandLine, printDiagnostics } from './print.js'
import { showRun } from './show-run.js'
import { type Target, findTarget } from './target.js'

export interface CompareOptions {
  readonly out?: string
  readonly steps?: number
  readonly seed: number
  readonly set: ReadonlyMap<string, string>
}

interface Analysed {
  readonly target: Target
  readonly analysis: Analysis
  readonly name: string
}

/** `dcrc compare`: runs pipelines one after the other and writes one table and one report about them. */
export async function compare(names: readonly string[], options: CompareOptions): Promise<number> {
  const pipelines = analyzeAll(names, options)
  if (!pipelines) return exitCodes.userError
  const out = options.out ?? freshFolder()
  checkNames(pipelines)
  if (existsSync(out) && readdirSync(out).length > 0)
    throw new UserError(folderTaken({ file: out, start: 0, end: 0 }, { folder: out, resumable: false }))
  const folders: string[] = []
  const screen = new Screen(process.stderr)
  const startResults = new StartResults()
  let first: Artefact | undefined
  for (const { target, analysis, name } of pipelines) {
    const { artefact } = compileAnalysed(analysis)
    if (!artefact) throw new Error(`${name} was analysed without a mistake but does not compile`)
    first ??= artefact
    const folder = join(out, name)
    const runOptions: RunOptions = {
      startResults,
      seed: options.seed,
      file: target.entry,
      runDir: folder,
      ...(options.steps === undefined ? {} : { steps: options.steps }),
    }
    const result = await withInterrupt(screen, ({ signal }) =>
      showRun(artefact, { ...runOptions, signal }, screen),
    )
    if (result.status === 'failed') return exitCodes.userError
    if (result.status === 'stopped') return exitCodes.interrupted
    folders.push(folder)
  }
  summarize(folders, out, names, options, first)
  return exitCodes.done
}

/** Every pipeline is analysed before the first one runs: a mistake in the last shows at once. */
function analyzeAll(names: readonly string[], options: CompareOptions): readonly Analysed[] | undefined {
  const analysed: Analysed[] = []
  let failed = false
  for (const name of names) {
    const target = findTarget(name)
    const analysis = analyze({ ...target, settings: options.set, seed: options.seed })
    printDiagnostics(analysis.diagnostics, target.files.texts)
    if (analysis.lowered) analysed.push({ target, analysis, name: analysis.lowered.pipeline })
    else failed = true
  }
  return failed ? undefined : analysed
}

/** The names of pipelines become folders and rows. Throws UserError where two are equal. */
function checkNames(pipelines: readonly Analysed[]): void {
  const files = new Map<string, string>()
  for (const { target, name } of pipelines) {
    const other = files.get(name)
    if (other !== undefined) {
      const at = { file: target.entry, start: 0, end: 0 }
      throw new UserError(samePipeline(at, { name, files: [other, target.entry] }))
    }
    files.set(name, target.entry)
  }
}

function freshFolder(): string {
  for (let n = 1; ; n++) {
    const folder = join('runs', `compare-${n}`)
    if (!existsSync(folder)) return folder
  }
}

/** Writes report.html and prints the table, as the last thing. */
function summarize(
  folders: readonly string[],
  out: string,
  names: readonly string[],
  options: CompareOptions,
  first: Artefact | undefined,
): void {
  const runs = folders.map(readRun)
  const command = commandLine([
    'npx',
    'dcrc',
    'compare',
    ...names,
    '--seed',
    `${options.seed}`,
    ...(options.steps === undefined ? [] : ['--steps', `${options.steps}`]),
    ...[...options.set].flatMap(([name, value]) => ['--set', `${name}=${value}`]),
  ])
  const report = join(out, 'report.html')
  mkdirSync(out, { recursive: true })
  writeFileSync(report, renderReport(runs, { commands: [command] }))
  const width = process.stdout.columns ?? 100
  const comparison = compareRuns(runs)
  const lines = [textTable(comparison, width), '']
  for (const gate of gatesOf(runs).slice(0, 1))
    lines.push(wrap(`${gate.evaluation}: ${gate.verdict}.`, width), '')
  for (const sentence of sentences(comparison)) lines.push(wrap(sentence, width))
  lines.push('', `report: ${report}`)
  const hint = first?.manifest.edit_hint
  if (hint) lines.push(`now edit this line: ${hint.at}  ${hint.text}`)
  process.stdout.write(`\n${lines.join('\n')}\n`)
}

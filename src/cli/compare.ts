import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type Analysis, analyze, compileAnalysed } from '../compiler/index.js'
import type { Manifest } from '../artefact/manifest.js'
import { samePipeline } from '../diagnostics/catalogue/file.js'
import { folderTaken } from '../diagnostics/catalogue/run.js'
import { UserError } from '../diagnostics/diagnostic.js'
import { compareRuns, sentences } from '../report/compare.js'
import { gatesOf } from '../report/html/gate.js'
import { readRun } from '../report/read-run.js'
import { renderReport } from '../report/report.js'
import { textTable, wrap } from '../report/table.js'
import { shareSources } from '../runtime/open-data.js'
import type { RunOptions, RunResult } from '../runtime/options.js'
import { Screen } from '../runtime/screen.js'
import { StartResults } from '../runtime/start-results.js'
import { type CompilingOptions, asked, wordsOf } from './compiling-options.js'
import { exitCodes } from './exit-codes.js'
import { withInterrupt } from './interrupt.js'
import { inLanes } from './lanes.js'
import { commandLine, printDiagnostics } from './print.js'
import { showRun } from './show-run.js'
import { type Target, findTarget } from './target.js'

export interface CompareOptions extends CompilingOptions {
  readonly out?: string
  readonly steps?: number
  /** How many pipelines run at the same time. */
  readonly jobs: number
  readonly seed: number
}

interface Analysed {
  readonly target: Target
  readonly analysis: Analysis
  readonly name: string
}

/** What a run leaves for the summary. */
interface Ran {
  readonly status: RunResult['status']
  readonly folder: string
  readonly editHint: Manifest['edit_hint']
}

/** `dcrc compare`: runs pipelines, some at a time, and writes one table and one report about them. */
export async function compare(names: readonly string[], options: CompareOptions): Promise<number> {
  const pipelines = analyzeAll(names, options)
  if (!pipelines) return exitCodes.userError
  const out = options.out ?? freshFolder()
  checkNames(pipelines)
  if (existsSync(out) && readdirSync(out).length > 0)
    throw new UserError(folderTaken({ file: out, start: 0, end: 0 }, { folder: out, resumable: false }))
  const runs = await runAll(pipelines, out, options)
  if (runs.some(({ status }) => status === 'failed')) return exitCodes.userError
  if (runs.length < pipelines.length || runs.some(({ status }) => status === 'stopped'))
    return exitCodes.interrupted
  summarize(runs, out, names, options)
  return exitCodes.done
}

/** Runs pipelines in their order until one fails; each has an equal share of the processor's cores. */
async function runAll(
  pipelines: readonly Analysed[],
  out: string,
  { jobs, seed, steps }: CompareOptions,
): Promise<readonly Ran[]> {
  const lanes = Math.min(jobs, pipelines.length)
  const threads = Math.max(1, Math.floor(availableParallelism() / lanes))
  const width = Math.max(...pipelines.map(({ name }) => name.length))
  const screen = new Screen(process.stderr)
  const shared = { openDataset: shareSources(), startResults: new StartResults() }
  return withInterrupt(screen, (controller, saveRequests) =>
    inLanes(pipelines, lanes, controller, async ({ target, analysis, name }, begun) => {
      const { artefact } = compileAnalysed(analysis)
      if (!artefact) throw new Error(`${name} was analysed without a mistake but does not compile`)
      const folder = join(out, name)
      const trains = artefact.manifest.stages.length > 0
      const runOptions: RunOptions = {
        ...shared,
        signal: controller.signal,
        saveRequests,
        seed,
        file: target.entry,
        runDir: folder,
        ...(steps === undefined ? {} : { steps }),
        ...(lanes === 1 ? {} : { threads }),
        onEvent: ({ kind }) => kind === (trains ? 'step' : 'started') && begun(),
      }
      const { status } = await showRun(artefact, runOptions, screen, lanes === 1 ? '' : name.padEnd(width))
      if (status === 'failed') controller.abort()
      return { status, folder, editHint: artefact.manifest.edit_hint }
    }),
  )
}

/** Every pipeline is analysed before the first one runs: a mistake in the last shows at once. */
function analyzeAll(names: readonly string[], options: CompareOptions): readonly Analysed[] | undefined {
  const analysed: Analysed[] = []
  let failed = false
  for (const name of names) {
    const target = findTarget(name)
    const analysis = analyze({ ...target, ...asked(options), seed: options.seed })
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
  ran: readonly Ran[],
  out: string,
  names: readonly string[],
  options: CompareOptions,
): void {
  const runs = ran.map(({ folder }) => readRun(folder))
  const command = commandLine([
    'npx',
    'dcrc',
    'compare',
    ...names,
    '--seed',
    `${options.seed}`,
    ...(options.steps === undefined ? [] : ['--steps', `${options.steps}`]),
    ...(options.jobs === 1 ? [] : ['--jobs', `${options.jobs}`]),
    ...wordsOf(options),
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
  const hint = ran[0]?.editHint
  if (hint) lines.push(`now edit this line: ${hint.at}  ${hint.text}`)
  process.stdout.write(`\n${lines.join('\n')}\n`)
}

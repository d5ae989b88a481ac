import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { stageStore } from '../cache.js'
import { runLocally } from '../experiments/engines/local.js'
import { type Cell, cellsOf } from '../experiments/experiment.js'
import { type Frozen, compiledFolder } from '../experiments/frozen.js'
import type { State } from '../experiments/outcome.js'
import { type Results, resultsOf, writeResults } from '../experiments/results.js'
import { sentences } from '../report/compare.js'
import { gatesOf } from '../report/html/gate.js'
import { readRun } from '../report/read-run.js'
import { renderReport } from '../report/report.js'
import type { RunSummary } from '../report/run-summary.js'
import { textTable, wrap } from '../report/table.js'
import { shareSources } from '../runtime/open-data.js'
import type { RunOptions } from '../runtime/options.js'
import { Screen } from '../runtime/screen.js'
import { StartResults } from '../runtime/start-results.js'
import { StageStore } from '../runtime/store/stage-store.js'
import { exitCodes } from './exit-codes.js'
import { withInterrupt } from './interrupt.js'
import { showRun } from './show-run.js'

export interface ExperimentOptions {
  /** How many runs go on at the same time. */
  readonly jobs: number
  /** The project root. */
  readonly root: string
  readonly weights?: 'random'
  readonly badShare?: number
  /** What continues it. */
  readonly resume: string
}

/** Runs all that is left of an experiment, and prints its table as the last thing. */
export async function runExperiment(
  directory: string,
  frozen: Frozen,
  options: ExperimentOptions,
): Promise<number> {
  const cells = cellsOf(frozen)
  const lanes = Math.min(options.jobs, cells.length)
  const threads = Math.max(1, Math.floor(availableParallelism() / lanes))
  const width = Math.max(...cells.map(({ folder }) => folder.length))
  const screen = new Screen(process.stderr)
  const shared: RunOptions = {
    root: options.root,
    openDataset: shareSources(),
    startResults: new StartResults(),
    store: new StageStore(stageStore(options.root)),
    ...(options.weights === undefined ? {} : { weights: options.weights }),
    ...(options.badShare === undefined ? {} : { badShare: options.badShare }),
    ...(frozen.steps === null ? {} : { steps: frozen.steps }),
    ...(lanes === 1 ? {} : { threads }),
  }
  // a run that is done does not change: its metrics are read once
  const known = new Map<string, RunSummary>()
  const read = (folder: string): RunSummary => {
    const run = known.get(folder) ?? readRun(folder)
    known.set(folder, run)
    return run
  }
  const stopped = await withInterrupt(screen, async (controller, saveRequests) => {
    await runLocally(directory, cells, {
      lanes,
      controller,
      run: ({ variant, seed, folder }, { resume, begun }) => {
        if (lanes === 1 && cells.length > 1) screen.write(`${folder}\n`)
        const runOptions: RunOptions = {
          ...shared,
          signal: controller.signal,
          saveRequests,
          seed,
          resume,
          file: variant.label,
          runDir: join(directory, folder),
          onEvent: ({ kind }) => {
            if (['step', 'taken', 'awaiting', 'evaluated'].includes(kind)) begun()
          },
        }
        const label = lanes === 1 ? '' : folder.padEnd(width)
        return showRun(compiledFolder(directory, variant.label), runOptions, screen, label)
      },
      settled: () => writeResults(directory, frozen, resultsOf(directory, frozen, read)),
    })
    return controller.signal.aborted
  })
  const results = resultsOf(directory, frozen, read)
  summarize(directory, frozen, results)
  const states = results.measured.rows.flat().map(({ state }) => state.kind)
  if (stopped) {
    process.stderr.write(`go on with: ${options.resume}\n`)
    return exitCodes.interrupted
  }
  // what another process runs is not this one's failure
  return states.every((kind) => kind === 'done' || kind === 'running') ? exitCodes.done : exitCodes.userError
}

/** Writes the report and the tables, and prints the table with what it says. */
export function summarize(
  directory: string,
  frozen: Frozen,
  results: Results,
  report = join(directory, 'report.html'),
): void {
  const runs = results.measured.rows.flatMap((row) => row.flatMap(({ run }) => run ?? []))
  const width = process.stdout.columns ?? 100
  const lines: string[] = []
  if (runs.length > 0) {
    mkdirSync(directory, { recursive: true })
    writeFileSync(report, experimentPage(frozen, results))
    writeResults(directory, frozen, results)
    const { comparison } = results
    const table =
      comparison.columns.length > 0
        ? textTable(comparison, width)
        : wrap('Nothing is compared: no pipeline has an `evaluate` that gives a number.', width)
    lines.push(table, '')
    for (const gate of gatesOf(runs).slice(0, 1))
      lines.push(wrap(`${gate.evaluation}: ${gate.verdict}.`, width), '')
    for (const sentence of sentences(results.comparison)) lines.push(wrap(sentence, width))
    lines.push('')
  }
  for (const { cell, state } of results.measured.rows.flat()) {
    const said = stateText(cell, state)
    if (said !== undefined) lines.push(wrap(said, width))
  }
  if (runs.length > 0) lines.push(`report: ${report}`)
  const ended = results.measured.rows.flat().every(({ state }) => state.kind === 'done')
  if (ended && frozen.hint !== null) lines.push(`now edit this line: ${frozen.hint}`)
  process.stdout.write(`\n${lines.join('\n')}\n`)
}

/** The page of an experiment: its table over all seeds; curves, pictures and costs of one run of each variant. */
function experimentPage(
  { name, seeds, command, variants }: Frozen,
  { measured, comparison }: Results,
): string {
  const shown = measured.rows.flatMap((row) => row.find(({ run }) => run !== null) ?? [])
  const labels = shown.map(({ cell }) => cell.variant.label)
  const several = seeds.length > 1
  return renderReport(
    shown.flatMap(({ run }) => run ?? []),
    {
      commands: [command],
      labels,
      comparison,
      ...(name === null ? {} : { title: `Ablation ${name}` }),
      ...(several
        ? {
            note: `${variants.length} variants with ${seeds.length} seeds each. The table is about all of them; curves, pictures and costs below are those of the first seed of each variant.`,
          }
        : {}),
    },
  )
}

/** What is said below the table of a run that is not done. */
function stateText({ folder }: Cell, state: State): string | undefined {
  switch (state.kind) {
    case 'done':
      return undefined
    case 'failed':
      return `${folder} failed: ${state.errors.map(({ code, message }) => `${code}: ${message}`).join('; ')}`
    case 'running':
      return `${folder} is run by process ${state.holder.pid} on ${state.holder.host}: \`npx dcrc report\` when it has ended`
    case 'pending':
      return `${folder} was not begun`
    case 'interrupted':
      return `${folder} was stopped`
    case 'lost':
      return `${folder} was cut off`
  }
}

import { mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { writeFileSync } from '../disk.js'
import type { Artefact, Manifest } from '../artefact/manifest.js'
import { stageStore } from '../cache.js'
import { jobsOf, wholeRun } from '../experiments/engines/jobs.js'
import type { LocalOptions } from '../experiments/engines/local.js'
import { type EngineName, engines } from '../experiments/engines/registry.js'
import { comparedOf, knownCells } from '../experiments/choice.js'
import {
  type Cell,
  type Experiment,
  cellsOf,
  plannedCells,
  selectingCells,
} from '../experiments/experiment.js'
import { type Frozen, compiledFolder } from '../experiments/frozen.js'
import { type Outcome, type State, isOver, stateOf } from '../experiments/outcome.js'
import { type Results, keepResults, resultsOf, writeResults } from '../experiments/results.js'
import { probe } from '../experiments/probe.js'
import { costOf } from '../experiments/cost.js'
import { checkBudget } from './budget.js'
import { type StageGraph, keysOf, stageGraph } from '../experiments/stage-graph.js'
import { sentences } from '../report/compare.js'
import { gatesOf } from '../report/html/gate.js'
import { readRun } from '../report/read-run.js'
import { scopeOf } from '../experiments/scope.js'
import { renderReport } from '../report/report.js'
import type { RunSummary } from '../report/run-summary.js'
import { textTable, wrap } from '../report/table.js'
import type { ExecutorName } from '../runtime/executors/names.js'
import { loadArtefact } from '../runtime/artefact.js'
import { shareSources } from '../runtime/open-data.js'
import type { RunOptions } from '../runtime/options.js'
import { Screen } from '../runtime/screen.js'
import { StartResults } from '../runtime/start-results.js'
import { StageStore } from '../runtime/store/stage-store.js'
import { exitCodes } from './exit-codes.js'
import { withInterrupt } from './interrupt.js'
import { showRun } from './show-run.js'

export interface ExperimentOptions {
  /** How many runs go on at the same time; undefined: one here, and as many as a cluster likes. */
  readonly jobs: number | undefined
  /** Who runs them, and the file with what they ask a cluster for. */
  readonly on: EngineName
  readonly resources?: string | undefined
  /** The core-hours that its training may take. */
  readonly budget?: number | undefined
  /** The project root. */
  readonly root: string
  readonly weights?: 'random'
  readonly badShare?: number
  readonly executor?: ExecutorName
  /** What continues it. */
  readonly resume: string
}

/**
 * Runs all that is left of an experiment, and prints its table as the last thing; or gives it to a cluster, and says so.
 * Where values are chosen, the runs that choose come first, and the others when all of these have ended.
 */
export async function runExperiment(
  directory: string,
  frozen: Frozen,
  options: ExperimentOptions,
): Promise<number> {
  const read = readOnce()
  if (options.budget !== undefined) await keepBudget(directory, frozen, options, options.budget)
  let ended: Ended = { stopped: false, told: undefined }
  for (const cellsNow of [selectingCells, (one: Frozen) => cellsOf(comparedOf(directory, one, read))]) {
    const cells = cellsNow(frozen)
    if (cells.length === 0) continue
    ended = await runCells(directory, frozen, cells, options, read)
    if (ended.stopped || ended.told !== undefined) break
  }
  if (ended.told !== undefined) {
    const more = frozen.select && comparedOf(directory, frozen).variants.length === 0
    const next = more
      ? `\nWhen these have ended, the runs that are compared are queued by: ${options.resume}`
      : ''
    process.stdout.write(`${wrap(ended.told, process.stdout.columns ?? 100)}${next}\n`)
    return exitCodes.done
  }
  const results = resultsOf(directory, frozen, read)
  summarize(directory, frozen, results)
  if (ended.stopped) {
    process.stderr.write(`go on with: ${options.resume}\n`)
    return exitCodes.interrupted
  }
  const states = knownCells(directory, frozen).map((cell) => stateOf(directory, cell).kind)
  // what another process runs is not this one's failure
  return states.every((kind) => kind === 'done' || kind === 'running') ? exitCodes.done : exitCodes.userError
}

interface Ended {
  readonly stopped: boolean
  /** What a cluster that has taken the runs says. */
  readonly told: string | undefined
}

/** Refuses an experiment whose training takes more than its budget. Throws UserError. */
async function keepBudget(
  directory: string,
  frozen: Frozen,
  options: ExperimentOptions,
  budget: number,
): Promise<void> {
  const left = plannedCells(frozen).filter((cell) => !isOver(stateOf(directory, cell)))
  const graph = await graphOf(directory, frozen, left, options)
  const artefactOf = (label: string): Artefact => loadArtefact(compiledFolder(directory, label))
  const stages = graph.absent.length === 0 ? graph.nodes.filter(({ there }) => !there) : []
  checkBudget(costOf(graph.nodes, await probe(stages, artefactOf, options.root)), budget, directory)
}

/** Runs what is left of some runs, or gives it to a cluster. */
async function runCells(
  directory: string,
  frozen: Frozen,
  cells: readonly Cell[],
  options: ExperimentOptions,
  read: (folder: string) => RunSummary,
): Promise<Ended> {
  const left = cells.filter((cell) => !isOver(stateOf(directory, cell)))
  const lanes = Math.max(1, Math.min(options.jobs ?? 1, cells.length))
  const threads = Math.max(1, Math.floor(availableParallelism() / lanes))
  const screen = new Screen(process.stderr)
  const engine = engines[left.length > 0 ? options.on : 'local']
  const jobs =
    engine === engines.local
      ? cells.map(wholeRun)
      : jobsOf((await graphOf(directory, frozen, left, options)).nodes, left)
  return withInterrupt(screen, async (controller, saveRequests) => {
    const shared: RunOptions = {
      ...runOptionsOf(frozen, options),
      signal: controller.signal,
      saveRequests,
      ...(lanes === 1 ? {} : { threads }),
    }
    const told = await engine.submit(directory, jobs, {
      name: frozen.name ?? 'compare',
      root: options.root,
      atMost: options.jobs,
      resources: options.resources,
      command: workCommand(options),
      here: {
        lanes,
        controller,
        run: cellRunner({ directory, cells, lanes, screen, shared }),
        settled: () => keepResults(directory, frozen, read),
      },
    })
    return { told, stopped: controller.signal.aborted }
  })
}

/** The keys of the stages of all runs that an experiment may have, from its compiled folders. */
export const frozenKeys = (
  directory: string,
  experiment: Experiment,
  root: string,
): ReturnType<typeof keysOf> =>
  keysOf(
    [...selectingCells(experiment), ...cellsOf(experiment)],
    (label) => loadArtefact(compiledFolder(directory, label)).manifest,
    { root, steps: experiment.steps, store: new StageStore(stageStore(root)) },
  )

/** The stages of the runs that are left: which are the same, and which are there. */
function graphOf(
  directory: string,
  frozen: Frozen,
  left: readonly Cell[],
  { root }: ExperimentOptions,
): Promise<StageGraph> {
  const manifestOf = (label: string): Manifest => loadArtefact(compiledFolder(directory, label)).manifest
  const store = new StageStore(stageStore(root))
  return stageGraph(left, manifestOf, { root, steps: frozen.steps, store })
}

/** How a job of a cluster starts this program: as it was started itself. */
const workCommand = ({ badShare, executor }: ExperimentOptions): readonly string[] => [
  process.execPath,
  ...process.execArgv,
  process.argv[1] ?? '',
  'work',
  ...(badShare === undefined ? [] : ['--bad-samples', `${badShare}`]),
  ...(executor === undefined ? [] : ['--executor', executor]),
]

/** What all runs of an experiment have in common in one process. */
export const runOptionsOf = (
  frozen: Frozen,
  {
    root,
    weights,
    badShare,
    executor,
  }: Pick<ExperimentOptions, 'root' | 'weights' | 'badShare' | 'executor'>,
): RunOptions => ({
  root,
  openDataset: shareSources(),
  startResults: new StartResults(),
  store: new StageStore(stageStore(root)),
  ...(weights === undefined ? {} : { weights }),
  ...(badShare === undefined ? {} : { badShare }),
  ...(executor === undefined ? {} : { executor }),
  ...(frozen.steps === null ? {} : { steps: frozen.steps }),
})

/** A run that is done does not change: its metrics are read once. */
function readOnce(): (folder: string) => RunSummary {
  const known = new Map<string, RunSummary>()
  return (folder) => {
    const run = known.get(folder) ?? readRun(folder)
    known.set(folder, run)
    return run
  }
}

/** Runs cells in this process, each in a lane of the screen. */
export function cellRunner({
  directory,
  cells,
  lanes,
  screen,
  shared,
}: {
  readonly directory: string
  readonly cells: readonly Cell[]
  readonly lanes: number
  readonly screen: Screen
  readonly shared: RunOptions
}): LocalOptions['run'] {
  const width = Math.max(...cells.map(({ folder }) => folder.length))
  return ({ variant, seed, folder }, { resume, begun }) => {
    if (lanes === 1 && cells.length > 1) screen.write(`${folder}\n`)
    const options: RunOptions = {
      ...shared,
      seed,
      resume,
      file: variant.label,
      runDir: join(directory, folder),
      onEvent: ({ kind }) => {
        if (['step', 'taken', 'awaiting', 'evaluated'].includes(kind)) begun()
      },
    }
    const label = lanes === 1 ? '' : folder.padEnd(width)
    return showRun(compiledFolder(directory, variant.label), options, screen, label)
  }
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
  const states = knownCells(directory, frozen).map((cell) => ({ cell, state: stateOf(directory, cell) }))
  const missing = states.flatMap(({ cell, state }) => stateText(cell, state) ?? [])
  if (runs.length > 0) {
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
  for (const said of missing) lines.push(wrap(said, width))
  for (const { row, chosen } of results.choices ?? [])
    if (!chosen)
      lines.push(wrap(`${row} has no row: with each value of ${frozen.select?.param} a run failed`, width))
  // what there is no room to write is shown all the same
  process.stdout.write(`\n${lines.join('\n')}\n`)
  if (runs.length > 0) {
    mkdirSync(directory, { recursive: true })
    writeFileSync(report, experimentPage(frozen, results, missing))
    writeResults(directory, frozen, results)
    process.stdout.write(`report: ${report}\n`)
  }
  if (states.every(({ state }) => state.kind === 'done') && frozen.hint !== null)
    process.stdout.write(`now edit this line: ${frozen.hint}\n`)
}

/** The page of an experiment: its table over all seeds; curves, pictures and costs of one run of each variant. */
function experimentPage(
  { name, seeds, command }: Frozen,
  results: Results,
  missing: readonly string[],
): string {
  const {
    measured,
    comparison,
    experiment: { variants },
  } = results
  const shown = measured.rows.flatMap((row) => row.find(({ run }) => run !== null) ?? [])
  const labels = shown.map(({ cell }) => cell.variant.label)
  const several = seeds.length > 1
  return renderReport(
    shown.flatMap(({ run }) => run ?? []),
    {
      commands: [command],
      labels,
      comparison,
      scope: scopeOf(results, missing),
      ...(name === null ? {} : { title: `Ablation ${name}` }),
      ...(several
        ? {
            note: `${variants.length} variants with ${seeds.length} seeds each. The table is about all of them; curves, pictures and costs below are those of the first seed of each variant.`,
          }
        : {}),
    },
  )
}

const errorsText = (errors: Outcome['errors']): string =>
  errors.map(({ code, message }) => `${code}: ${message}`).join('; ')

/** What is said below the table of a run that is not done. */
function stateText({ folder }: Cell, state: State): string | undefined {
  switch (state.kind) {
    case 'done':
      return undefined
    case 'failed':
      return `${folder} failed: ${errorsText(state.errors)}`
    case 'running':
      return `${folder} is run by process ${state.holder.pid} on ${state.holder.host}: \`npx dcrc report\` when it has ended`
    case 'pending':
      return `${folder} was not begun`
    case 'interrupted':
      return state.errors.length > 0
        ? `${folder} was stopped: ${errorsText(state.errors)}`
        : `${folder} was stopped`
    case 'lost':
      return `${folder} was cut off`
  }
}

import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { noExperiment } from '../diagnostics/catalogue/experiment.js'
import { UserError } from '../diagnostics/diagnostic.js'
import { type Job, readJobs } from '../experiments/engines/jobs.js'
import { runLocally } from '../experiments/engines/local.js'
import { askForAnotherTurn, ownJob } from '../experiments/engines/slurm/queue.js'
import { knownCells } from '../experiments/choice.js'
import type { Cell } from '../experiments/experiment.js'
import { type State, claim, isOver, settle, stateOf } from '../experiments/outcome.js'
import { keepResults } from '../experiments/results.js'
import type { ExecutorName } from '../runtime/executors/names.js'
import { Screen } from '../runtime/screen.js'
import { exitCodes } from './exit-codes.js'
import { cellRunner, runOptionsOf } from './experiment.js'
import { withInterrupt } from './interrupt.js'
import { experimentIn } from './status.js'

export interface WorkOptions {
  readonly badSamples?: number
  readonly executor?: ExecutorName
}

/**
 * `dcrc work`: one job of an experiment, in a process that a cluster has started in the project's folder. It reads what
 * the experiment's folder holds and nothing else, and goes on where an earlier turn of it was ended.
 */
export async function work(
  directory: string,
  number: number,
  { badSamples, executor }: WorkOptions,
): Promise<number> {
  const frozen = experimentIn(directory)
  const cells = knownCells(directory, frozen)
  const job = readJobs(directory)[number]
  const cell = cells.find(({ folder }) => folder === job?.run)
  if (!job || !cell) {
    const problem = `it has no job ${number}`
    throw new UserError(noExperiment({ file: directory, start: 0, end: 0 }, { file: directory, problem }))
  }
  const cores = Number(process.env['SLURM_CPUS_PER_TASK'] ?? availableParallelism())
  const screen = new Screen(process.stderr)
  let again = false
  const stopped = await withInterrupt(screen, async (controller, saveRequests) => {
    // the time that the cluster gives is nearly over
    process.on('SIGUSR2', () => {
      again = true
      controller.abort()
    })
    const shared = {
      ...runOptionsOf(frozen, {
        root: process.cwd(),
        ...(badSamples === undefined ? {} : { badShare: badSamples }),
        ...(executor === undefined ? {} : { executor }),
      }),
      signal: controller.signal,
      saveRequests,
      threads: cores,
      ...(job.until === null ? {} : { until: job.until }),
    }
    await free(directory, cell, controller.signal)
    await runLocally(directory, [cell], {
      lanes: 1,
      isJob: ownJob() !== undefined,
      controller,
      run: cellRunner({ directory, cells: [cell], lanes: 1, screen, shared }),
      settled: async () => {
        settleOthers(directory, job, cells, stateOf(directory, cell))
        await keepResults(directory, frozen)
      },
    })
    return controller.signal.aborted
  })
  if (stopped) {
    if (again) await askForAnotherTurn()
    return exitCodes.interrupted
  }
  const state = stateOf(directory, cell)
  const asFarAsAsked = state.kind === 'interrupted' && state.errors.length === 0 && job.until !== null
  return state.kind === 'done' || asFarAsAsked ? exitCodes.done : exitCodes.userError
}

/** Waits while an earlier turn of a run has not ended yet, or its machine has not been silent for long enough. */
async function free(directory: string, cell: Cell, signal: AbortSignal): Promise<void> {
  while (stateOf(directory, cell).kind === 'running' && !signal.aborted)
    await sleep(500, undefined, { signal }).catch(() => undefined)
}

/** Runs that wait for a stage that has failed have failed with it. */
function settleOthers(directory: string, { needed }: Job, cells: readonly Cell[], state: State): void {
  if (state.kind !== 'failed') return
  for (const cell of cells.filter(({ folder }) => needed.includes(folder))) {
    const lease = isOver(stateOf(directory, cell)) ? undefined : claim(directory, cell)
    if (!lease) continue
    settle(directory, cell, { status: 'failed', errors: state.errors })
    lease.release()
  }
}

import { inside } from '../../inside.js'
import type { RunResult } from '../../runtime/options.js'
import { RunFolder } from '../../runtime/run-folder.js'
import type { Cell } from '../experiment.js'
import { inLanes } from './lanes.js'
import { claim, settle } from '../outcome.js'

export interface LocalOptions {
  /** How many runs go on at the same time. */
  readonly lanes: number
  /** Stops what goes on when it aborts, and nothing more is begun. */
  readonly controller: AbortController
  /** Runs a cell, or goes on with it; says that it has `begun` when the next may begin. */
  readonly run: (
    cell: Cell,
    how: { readonly resume: boolean; readonly begun: () => void },
  ) => Promise<RunResult>
  /** Called after each run that has ended, in whichever way. */
  readonly settled: (cell: Cell) => void
}

/**
 * Runs on this machine all cells of an experiment that have not ended. One that fails stops no other; one that another
 * process runs is left to it.
 */
export async function runLocally(
  directory: string,
  cells: readonly Cell[],
  { lanes, controller, run, settled }: LocalOptions,
): Promise<void> {
  await inLanes(cells, lanes, controller, async (cell, begun) => {
    const lease = claim(directory, cell)
    if (!lease) return
    try {
      const resume = new RunFolder(inside(directory, cell.folder)).isRun
      const result = await run(cell, { resume, begun })
      const errors = result.status === 'failed' ? result.diagnostics : []
      settle(directory, cell, {
        status: result.status === 'stopped' ? 'interrupted' : result.status,
        errors: errors.map(({ code, message }) => ({ code, message })),
      })
      settled(cell)
    } finally {
      lease.release()
    }
  })
}

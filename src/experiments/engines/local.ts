import { hostname } from 'node:os'
import { inside } from '../../inside.js'
import { refused } from '../../diagnostics/catalogue/file.js'
import type { RunResult } from '../../runtime/options.js'
import { RunFolder } from '../../runtime/run-folder.js'
import { knownCells } from '../choice.js'
import type { Cell } from '../experiment.js'
import { thaw } from '../frozen.js'
import { claim, settle, stateOf } from '../outcome.js'
import type { Engine } from './engine.js'
import { inLanes } from './lanes.js'

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
  readonly settled: (cell: Cell) => void | Promise<void>
  /** Whether a cluster has started this process. */
  readonly isJob?: boolean
}

/**
 * Runs on this machine all cells of an experiment that have not ended. One that fails stops no other; one that another
 * process runs is left to it.
 */
export async function runLocally(
  directory: string,
  cells: readonly Cell[],
  { lanes, controller, run, settled, isJob = false }: LocalOptions,
): Promise<void> {
  await inLanes(cells, lanes, controller, async (cell, begun) => {
    const lease = claim(directory, cell, isJob)
    if (!lease) return
    try {
      const resume = new RunFolder(inside(directory, cell.folder)).isRun
      const result = await run(cell, { resume, begun })
      const errors = result.status === 'failed' ? result.diagnostics : []
      // a disk that is full or gone says nothing of the run: it may be gone on with when there is room
      const refusedByDisk = errors.some(({ code }) => code === refused.code)
      settle(directory, cell, {
        status: result.status === 'stopped' || refusedByDisk ? 'interrupted' : result.status,
        errors: errors.map(({ code, message }) => ({ code, message })),
      })
    } finally {
      lease.release()
    }
    await settled(cell)
  })
}

const cellsIn = (directory: string): readonly Cell[] => {
  const frozen = thaw(directory)
  return frozen ? knownCells(directory, frozen) : []
}

/** This process, and what it leaves to others of this machine. */
export const localEngine: Engine = {
  async submit(directory, jobs, { here }) {
    const folders = new Set(jobs.map(({ run }) => run))
    const cells = cellsIn(directory).filter(({ folder }) => folders.has(folder))
    await runLocally(directory, cells, here)
    return undefined
  },
  /** Who runs what, the leases of the runs say. */
  status: () => Promise.resolve(new Map()),
  cancel(directory) {
    const states = cellsIn(directory).map((cell) => stateOf(directory, cell))
    const holders = states.flatMap((state) => (state.kind === 'running' ? [state.holder] : []))
    // jobs of a cluster on this machine are told by it: a second word would end them before they have saved
    const own = holders.filter(({ host, isJob }) => host === hostname() && !isJob)
    const running = new Set(own.map(({ pid }) => pid))
    for (const pid of running) process.kill(pid, 'SIGINT')
    return Promise.resolve(running.size)
  },
}

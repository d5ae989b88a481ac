import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { noExperimentHere } from '../diagnostics/catalogue/experiment.js'
import { UserError } from '../diagnostics/diagnostic.js'
import { knownCells } from '../experiments/choice.js'
import type { Cell } from '../experiments/experiment.js'
import { type Frozen, experimentFile, thaw } from '../experiments/frozen.js'
import { engines } from '../experiments/engines/registry.js'
import { type State, stateOf } from '../experiments/outcome.js'
import { readRun } from '../report/read-run.js'
import { exitCodes } from './exit-codes.js'

export interface StatusOptions {
  readonly json: boolean
}

/** `dcrc status`: where each run of an ablation stands; without a folder of the one that was begun last. */
export async function status(folder: string | undefined, { json }: StatusOptions): Promise<number> {
  const directory = folder ?? newest()
  const frozen = experimentIn(directory)
  const cells = knownCells(directory, frozen).map((cell) => ({ cell, state: stateOf(directory, cell) }))
  const queue = new Map<string, string>()
  for (const engine of Object.values(engines))
    for (const [run, said] of await engine.status(directory)) queue.set(run, said)
  if (json) {
    const runs = cells.map(({ cell, state }) => ({
      variant: cell.variant.label,
      seed: cell.seed,
      folder: join(directory, cell.folder),
      ...stateJson(state),
      ...(queue.has(cell.folder) ? { queue: queue.get(cell.folder) } : {}),
    }))
    process.stdout.write(`${JSON.stringify({ folder: directory, runs }, null, 2)}\n`)
    return exitCodes.done
  }
  const counts = new Map<string, number>()
  for (const { state } of cells) counts.set(state.kind, (counts.get(state.kind) ?? 0) + 1)
  const width = Math.max(...cells.map(({ cell }) => cell.folder.length))
  const lines = cells.map(
    ({ cell, state }) =>
      `  ${cell.folder.padEnd(width)}  ${describe(directory, cell, state)}${queue.has(cell.folder) ? `; ${queue.get(cell.folder)}` : ''}`,
  )
  const summary = [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ')
  process.stdout.write(`${directory}: ${cells.length} runs, ${summary}\n${lines.join('\n')}\n`)
  return exitCodes.done
}

/** What an experiment's folder says it is. Throws UserError where it is none. */
export function experimentIn(directory: string): Frozen {
  const frozen = existsSync(directory) ? thaw(directory) : undefined
  if (frozen) return frozen
  throw new UserError(noExperimentHere({ file: directory, start: 0, end: 0 }, { folder: directory }))
}

/** The folder of the ablation or comparison that was begun last. Throws UserError where there is none. */
export function newest(): string {
  const below = (folder: string): readonly string[] =>
    existsSync(folder) && statSync(folder).isDirectory()
      ? readdirSync(folder).map((name) => join(folder, name))
      : []
  const found = below('runs')
    .flatMap((folder) => [folder, ...below(folder)])
    .filter((folder) => existsSync(join(folder, experimentFile)))
    .map((folder) => ({ folder, time: statSync(join(folder, experimentFile)).mtimeMs }))
    .sort((a, b) => b.time - a.time)
  const [last] = found
  if (last) return last.folder
  throw new UserError(noExperimentHere({ file: 'runs', start: 0, end: 0 }, { folder: 'runs' }))
}

function stateJson(state: State): object {
  switch (state.kind) {
    case 'failed':
    case 'interrupted':
      return { state: state.kind, errors: state.errors }
    case 'running':
      return { state: state.kind, host: state.holder.host, pid: state.holder.pid }
    default:
      return { state: state.kind }
  }
}

function describe(directory: string, cell: Cell, state: State): string {
  const place = placeOf(join(directory, cell.folder))
  switch (state.kind) {
    case 'done':
      return 'done'
    case 'pending':
      return 'not begun'
    case 'failed':
      return `failed: ${state.errors.map(({ message }) => message).join('; ')}`
    case 'running':
      return `runs in process ${state.holder.pid} on ${state.holder.host}${place}`
    case 'interrupted':
      return `stopped${place}${state.errors.map(({ message }) => `: ${message}`).join('')}`
    case 'lost':
      return `cut off${place}`
  }
}

/** `, enhance 120/300`: how far the metrics of a run go. */
function placeOf(folder: string): string {
  if (!existsSync(join(folder, 'manifest.json'))) return ''
  const stage = readRun(folder).stages.findLast(({ records }) => records.length > 0)
  const last = stage?.records.at(-1)
  return stage && last ? `, ${stage.name} ${last.step}/${stage.steps}` : ''
}

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { readFileSync } from '../../../disk.js'
import { clusterRefused } from '../../../diagnostics/catalogue/experiment.js'
import { UserError } from '../../../diagnostics/diagnostic.js'
import { queuedFile } from './scripts.js'

const execute = promisify(execFile)

/** Runs a command of Slurm, or of a shell that calls them. Throws UserError with what it says where it refuses. */
export async function slurm(command: string, args: readonly string[]): Promise<string> {
  try {
    return (await execute(command, [...args])).stdout
  } catch (error) {
    throw new UserError(clusterRefused({ file: '', start: 0, end: 0 }, { command, problem: said(error) }))
  }
}

function said(error: unknown): string {
  const {
    stderr = '',
    code,
    message = '',
  } = error as {
    readonly stderr?: string
    readonly code?: unknown
    readonly message?: string
  }
  if (code === 'ENOENT') return 'it is not installed here'
  return stderr.trim() === '' ? message : stderr.trim()
}

/** A job that Slurm has: its number among the jobs of the experiment, its name there, and how it stands. */
export interface QueuedJob {
  readonly job: number
  readonly id: string
  readonly state: string
  readonly reason: string
}

/** What of the jobs that were queued has not ended. */
export async function queuedJobs(directory: string): Promise<readonly QueuedJob[]> {
  const firsts = new Map(queued(directory).map(({ first, id }) => [id, first]))
  if (firsts.size === 0) return []
  // jobs that ended a while ago are unknown to it, which is an error where one alone is asked for
  const text = await slurm('squeue', ['--noheader', '--array', '--format=%F|%K|%T|%r', '--me'])
  return text.split('\n').flatMap((line) => {
    const [id = '', index = '', state = '', reason = ''] = line.trim().split('|')
    const first = firsts.get(id)
    return first === undefined ? [] : [{ job: first + Number(index), id: `${id}_${index}`, state, reason }]
  })
}

/** What was queued: arrays, by the number of their first job. */
function queued(directory: string): readonly { readonly first: number; readonly id: string }[] {
  const file = queuedFile(directory)
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.flatMap((line) => {
    const [first, , id] = line.split(' ')
    return id === undefined ? [] : [{ first: Number(first), id }]
  })
}

/** This process as a job of an array, by array and place: the number of a job alone may be that of the whole array. */
export function ownJob(): string | undefined {
  const { SLURM_ARRAY_JOB_ID: array, SLURM_ARRAY_TASK_ID: place } = process.env
  return array === undefined || place === undefined ? undefined : `${array}_${place}`
}

/** Asks for another turn, which ends this one. Nothing where no Slurm runs it. */
export async function askForAnotherTurn(): Promise<void> {
  const job = ownJob()
  if (job !== undefined) await slurm('scontrol', ['requeue', job])
}

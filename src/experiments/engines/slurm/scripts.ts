import { rmSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { writeWhole } from '../../../durable.js'
import { inside } from '../../../inside.js'
import type { Submission } from '../engine.js'
import { type Job, jobsFolder, writeJobs } from '../jobs.js'
import { type Resources, optionsOf } from './resources.js'

/** Jobs that ask for the same and wait for the same, as one array: those from the number `first` on. */
interface JobArray {
  readonly first: number
  readonly jobs: readonly Job[]
}

/** No array is longer than Slurm takes where nobody has set it otherwise. */
const longest = 1000

/** What queues all arrays, and the file in which it notes what Slurm calls them. */
export const submitScript = (directory: string): string => inside(jobsFolder(directory), 'submit.sh')
export const queuedFile = (directory: string): string => inside(jobsFolder(directory), 'queued')

/**
 * Writes the jobs of an experiment as sbatch takes them, and a script that queues them. A job waits for those that it
 * names (`afterok`); `exec` makes it the shell's own process, which gets the signals. Two minutes before its time is up
 * it is told to save what it has and to ask for its next turn.
 */
export function writeScripts(
  directory: string,
  jobs: readonly Job[],
  how: Submission,
  resources: Resources,
): void {
  const { arrays, ordered } = arraysOf(jobs)
  writeJobs(directory, ordered)
  const folder = jobsFolder(directory)
  for (const name of readdirSync(folder)) if (name.endsWith('.sbatch')) rmSync(inside(folder, name))
  const files = arrays.map((array, k) => {
    const name = `${k}.sbatch`
    writeWhole(inside(folder, name), scriptOf(array, directory, how, resources))
    return name
  })
  writeWhole(submitScript(directory), submission(arrays, files, directory, ordered))
}

/** Arrays of jobs with the same dependencies, in an order in which each comes after those that it waits for. */
function arraysOf(jobs: readonly Job[]): {
  readonly arrays: readonly JobArray[]
  readonly ordered: readonly Job[]
} {
  const groups = new Map<string, number[]>()
  for (const [k, job] of jobs.entries()) {
    const key = JSON.stringify([job.until, job.after])
    const group = groups.get(key)
    if (group) group.push(k)
    else groups.set(key, [k])
  }
  const order = [...groups.values()].flat()
  const place = new Map(order.map((was, is) => [was, is]))
  const ordered = order.flatMap((was) => {
    const job = jobs[was]
    return job ? [{ ...job, after: job.after.flatMap((k) => place.get(k) ?? []) }] : []
  })
  let first = 0
  const arrays = [...groups.values()].flatMap(({ length }) => {
    const parts: JobArray[] = []
    for (const end = first + length; first < end; first += Math.min(longest, end - first))
      parts.push({ first, jobs: ordered.slice(first, Math.min(first + longest, end)) })
    return parts
  })
  return { arrays, ordered }
}

/** A word as a shell reads it. */
const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`

function scriptOf(
  { first, jobs }: JobArray,
  directory: string,
  { name, root, atMost, command }: Submission,
  resources: Resources,
): string {
  const until = jobs[0]?.until ?? null
  const limit = atMost ?? resources.at_most
  const options = [
    `--job-name=${name}${until === null ? '' : `-${until}`}`,
    `--array=0-${jobs.length - 1}${limit === undefined ? '' : `%${limit}`}`,
    `--output="${resolve(jobsFolder(directory))}/%x-%A_%a.log"`,
    '--open-mode=append',
    `--chdir="${resolve(root)}"`,
    '--requeue',
    '--signal=B:USR2@120',
    ...optionsOf(resources),
  ]
  return [
    '#!/bin/sh',
    ...options.map((option) => `#SBATCH ${option}`),
    ...resources.setup,
    `exec ${[...command, resolve(directory)].map(quoted).join(' ')} "$((${first} + SLURM_ARRAY_TASK_ID))"`,
    '',
  ].join('\n')
}

/** Queues the arrays one after the other, or none. */
function submission(
  arrays: readonly JobArray[],
  files: readonly string[],
  directory: string,
  ordered: readonly Job[],
): string {
  const nameOf = (job: number): string => {
    const k = arrays.findLastIndex(({ first }) => first <= job)
    return `\${id${k}}_${job - (arrays[k]?.first ?? 0)}`
  }
  const queue = arrays.map(({ first, jobs }, k) => {
    const after = ordered[first]?.after ?? []
    // what waits for a job that fails is taken from the queue, not left in it for ever
    const wait =
      after.length === 0
        ? ''
        : ` --kill-on-invalid-dep=yes --dependency=afterok:${after.map(nameOf).join(':')}`
    return `queue${wait} ${files[k]}; id${k}=$id; echo "${first} ${jobs.length} $id" >> queued.part`
  })
  return [
    '#!/bin/sh',
    `# queues the jobs of ${directory}, each after those that it waits for`,
    'cd "$(dirname "$0")" || exit 1',
    ': > queued.part',
    'ids=',
    'queue() {',
    '  id=$(sbatch --parsable "$@") || { [ -z "$ids" ] || scancel $ids; rm -f queued.part; exit 1; }',
    // behind a semicolon stands the cluster
    '  id=${id%%;*}; ids="$ids $id"',
    '}',
    ...queue,
    'mv queued.part queued',
    '',
  ].join('\n')
}

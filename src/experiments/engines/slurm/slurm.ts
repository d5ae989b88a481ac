import { rmSync } from 'node:fs'
import { alreadyQueued } from '../../../diagnostics/catalogue/experiment.js'
import { UserError } from '../../../diagnostics/diagnostic.js'
import type { Engine, Submission } from '../engine.js'
import { type Job, readJobs } from '../jobs.js'
import { queuedJobs, slurm } from './queue.js'
import { readResources } from './resources.js'
import { queuedFile, submitScript, writeScripts } from './scripts.js'

async function write(directory: string, jobs: readonly Job[], how: Submission): Promise<void> {
  const resources = readResources(how.root, how.resources)
  const left = (await queuedJobs(directory)).length
  if (left > 0) throw new UserError(alreadyQueued({ file: directory, start: 0, end: 0 }, { directory, left }))
  rmSync(queuedFile(directory), { force: true })
  writeScripts(directory, jobs, how, resources)
}

/** Jobs in the queue of a Slurm cluster, whose machines see the project's folder where it lies here. */
export const slurmEngine: Engine = {
  async submit(directory, jobs, how) {
    await write(directory, jobs, how)
    await slurm('sh', [submitScript(directory)])
    return `${jobs.length} jobs are in Slurm's queue; \`npx dcrc status ${directory}\` tells how they stand, \`npx dcrc report ${directory}\` gives the table as far as it is, \`npx dcrc cancel ${directory}\` ends them`
  },
  async status(directory) {
    const queue = await queuedJobs(directory)
    if (queue.length === 0) return new Map()
    const jobs = readJobs(directory)
    // of several jobs of a run, the one that ends first
    return new Map(
      queue
        .toSorted((a, b) => b.job - a.job)
        .map(({ job, id, state, reason }) => [
          jobs[job]?.run ?? '',
          `job ${id}, ${state.toLowerCase()}${reason === 'None' ? '' : ` (${reason})`}`,
        ]),
    )
  },
  async cancel(directory) {
    const queue = await queuedJobs(directory)
    const ids = queue.map(({ id }) => id)
    if (ids.length > 0) await slurm('scancel', ids)
    return ids.length
  },
}

/** Writes what Slurm would be given, and queues nothing. */
export const scriptEngine: Engine = {
  async submit(directory, jobs, how) {
    await write(directory, jobs, how)
    return `${jobs.length} jobs are written; \`sh ${submitScript(directory)}\` queues them`
  },
  /** What was queued by hand is the cluster's. */
  status: () => Promise.resolve(new Map()),
  cancel: () => Promise.resolve(0),
}

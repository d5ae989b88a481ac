import { mkdirSync } from 'node:fs'
import { z } from 'zod'
import { readFileSync } from '../../disk.js'
import { noExperiment } from '../../diagnostics/catalogue/experiment.js'
import { UserError } from '../../diagnostics/diagnostic.js'
import { writeWhole } from '../../durable.js'
import { inside } from '../../inside.js'
import { seal, unseal } from '../../sealed.js'
import type { Cell } from '../experiment.js'
import type { StageNode } from '../stage-graph.js'

const jobSchema = z.strictObject({
  /** The folder of the run. */
  run: z.string(),
  /** The stage with whose end it ends, which other runs have too; null: the run to its end. */
  until: z.string().nullable(),
  /** The numbers of the jobs that must have ended well. */
  after: z.array(z.int().nonnegative()),
  /** The folders of the other runs that can have no result when it fails. */
  needed: z.array(z.string()),
})
const fileSchema = z.strictObject({ version: z.literal(2), jobs: z.array(jobSchema) })

/** A process of an experiment: a run, or the part of one whose result other runs wait for. */
export type Job = z.infer<typeof jobSchema>

/** All of a run, for an engine whose runs wait for each other by themselves. */
export const wholeRun = ({ folder }: Cell): Job => ({ run: folder, until: null, after: [], needed: [] })

/**
 * The jobs of runs: one for each stage that several of them have and nobody has trained, in the first of these, and one
 * for each run, which trains what it has alone. Those that nothing waits for come last.
 */
export function jobsOf(nodes: readonly StageNode[], cells: readonly Cell[]): readonly Job[] {
  const shared = nodes.filter(({ cells: having, there }) => having.length > 1 && !there)
  const before = (cell: Cell, until: number): number[] =>
    shared.flatMap((node, k) => (k < until && node.cells.includes(cell) ? [k] : []))
  const stages = shared.map(({ stage, cells: [first, ...others] }, k): Job => {
    const needed = others.map(({ folder }) => folder)
    return { run: first.folder, until: stage.name, after: before(first, k), needed }
  })
  const runs = cells.map((cell) => ({ ...wholeRun(cell), after: before(cell, shared.length) }))
  return [...stages, ...runs]
}

/** The folder of what engines write, and the file of jobs in it. */
export const jobsFolder = (directory: string): string => inside(directory, 'jobs')
const fileOf = (directory: string): string => inside(jobsFolder(directory), 'jobs.json')

export function writeJobs(directory: string, jobs: readonly Job[]): void {
  mkdirSync(jobsFolder(directory), { recursive: true })
  writeWhole(fileOf(directory), seal({ version: 2, jobs }))
}

/** Throws UserError where the file is damaged. */
export function readJobs(directory: string): readonly Job[] {
  const file = fileOf(directory)
  const found = fileSchema.safeParse(unseal(readFileSync(file, 'utf8')))
  if (found.success) return found.data.jobs
  throw new UserError(
    noExperiment({ file, start: 0, end: 0 }, { file, problem: z.prettifyError(found.error) }),
  )
}

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { readFileSync } from '../../../disk.js'
import { badResources } from '../../../diagnostics/catalogue/experiment.js'
import { UserError } from '../../../diagnostics/diagnostic.js'
import { parsed } from '../../../json/parsed.js'

/** A value of an option of sbatch: one word. */
const word = z.union([z.string(), z.number()]).refine((value) => /^[\w.:,=+/@-]+$/.test(String(value)), {
  error: 'write one word, without spaces and quotes',
})
const line = z.string().regex(/^[^\n]+$/)

const resourcesSchema = z.strictObject({
  partition: word.optional(),
  account: word.optional(),
  qos: word.optional(),
  constraint: word.optional(),
  /** As sbatch takes them: `2-12:00:00`, `16G`. */
  time: word.optional(),
  memory: word.optional(),
  /** Cores of a job, and what `--gres` asks for. */
  cpus: z.int().positive().optional(),
  gpus: word.optional(),
  /** How many jobs of one array go on at the same time. */
  at_most: z.int().positive().optional(),
  /** Lines of the shell before the program starts, such as `module load node`. */
  setup: z.array(line).default([]),
  /** Further options of sbatch. */
  options: z.array(line.regex(/^-/, { error: 'an option begins with -' })).default([]),
})

/** What jobs ask Slurm for. */
export type Resources = z.infer<typeof resourcesSchema>

/** The file of a project that is read without being named. */
const ownFile = 'slurm.json'

/** Reads what jobs ask for; nothing where no file says it. Throws UserError. */
export function readResources(root: string, named: string | undefined): Resources {
  const file = named ?? join(root, ownFile)
  if (named === undefined && !existsSync(file)) return resourcesSchema.parse({})
  const found = resourcesSchema.safeParse(existsSync(file) ? parsed(readFileSync(file, 'utf8')) : undefined)
  if (found.success) return found.data
  const problem = existsSync(file) ? z.prettifyError(found.error) : 'it is not there'
  throw new UserError(badResources({ file, start: 0, end: 0 }, { file, problem }))
}

/** The same as options of sbatch. */
export function optionsOf(resources: Resources): readonly string[] {
  const { partition, account, qos, constraint, time, memory, cpus, gpus, options } = resources
  const words = {
    partition,
    account,
    qos,
    constraint,
    time,
    mem: memory,
    'cpus-per-task': cpus,
    gres: gpus === undefined ? undefined : `gpu:${gpus}`,
  }
  const given = Object.entries(words).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}`],
  )
  return [...given, ...options]
}

import { existsSync, mkdirSync } from 'node:fs'
import { z } from 'zod'
import { readFileSync } from '../disk.js'
import { nameSchema } from '../artefact/names.js'
import { changedExperiment, noExperiment } from '../diagnostics/catalogue/experiment.js'
import { type Span, UserError } from '../diagnostics/diagnostic.js'
import { version } from '../compiler/version.js'
import { inside } from '../inside.js'
import { writeWhole } from '../durable.js'
import { env } from '../runtime/onnxruntime.js'
import { seal, unseal } from '../sealed.js'
import type { Cell, Experiment } from './experiment.js'

/** The file of an experiment that says what it is; all that runs it reads it and the compiled folders beside it alone. */
export const experimentFile = 'ablation.json'

const folderName = z.string().refine((name) => /^[\w.+=,-]+$/.test(name) && !/^\.+$/.test(name))

const frozenSchema = z.strictObject({
  version: z.literal(4),
  name: nameSchema.nullable(),
  variants: z
    .array(
      z.strictObject({
        label: folderName,
        row: folderName,
        pipeline: nameSchema,
        settings: z.record(z.string(), z.string()),
        hash: z.string(),
        difference: z.array(
          z.strictObject({ at: z.string(), text: z.string(), of: z.enum(['variant', 'base']) }),
        ),
      }),
    )
    .min(1),
  seeds: z.array(z.int().nonnegative()).min(1),
  steps: z.int().positive().nullable(),
  primary: z.array(
    z.strictObject({ evaluation: z.string(), case: z.string().nullable(), metric: z.string() }),
  ),
  select: z
    .strictObject({
      param: z.string(),
      by: z.strictObject({
        evaluation: z.string(),
        case: z.string().nullable(),
        metric: z.string(),
        better: z.enum(['higher', 'lower']),
      }),
      seeds: z.array(z.int().nonnegative()).min(1),
    })
    .nullable(),
  /** `FILE#name` of an ablation. */
  entry: z.string().nullable(),
  /** What was typed, and the sources as they were, by path. */
  command: z.string(),
  sources: z.record(z.string(), z.string()),
  /** The keys of the stages of all runs that there may be; null where files that decide them were not there. */
  stages: z.record(z.string(), z.record(z.string(), z.string())).nullable(),
  versions: z.strictObject({
    dcrc: z.string(),
    onnxruntime: z.string(),
    node: z.string(),
    platform: z.string(),
  }),
  /** A line worth editing first, with its place. */
  hint: z.string().nullable(),
  created: z.string(),
})

/** An experiment as it was when it began. */
export type Frozen = z.infer<typeof frozenSchema> & Experiment

/** The folder of a variant's compiled files. */
export const compiledFolder = (directory: string, label: string): string =>
  inside(directory, 'compiled', label)

/** What an experiment is before it begins. */
export type Draft = Experiment & Pick<Frozen, 'entry' | 'command' | 'sources' | 'stages' | 'hint'>

/** Writes what an experiment is, before anything of it runs. */
export function freeze(directory: string, draft: Draft): Frozen {
  const whole = { version: 4, ...draft, versions: versionsNow(), created: new Date().toISOString() }
  mkdirSync(directory, { recursive: true })
  writeWhole(inside(directory, experimentFile), seal(whole))
  return { ...frozenSchema.parse(whole) }
}

/** What the bits of a result depend on beside what is computed. */
const versionsNow = (): Frozen['versions'] => ({
  dcrc: version,
  onnxruntime: env.versions.node ?? '',
  node: process.versions.node,
  platform: `${process.platform}-${process.arch}`,
})

/** Reads what an experiment is; undefined where the folder holds none. Throws UserError where its file is damaged. */
export function thaw(directory: string): Frozen | undefined {
  const file = inside(directory, experimentFile)
  if (!existsSync(file)) return undefined
  const value = unseal(readFileSync(file, 'utf8'))
  const found = frozenSchema.safeParse(value)
  if (found.success) return found.data
  const problem = value === undefined ? 'it is not as it was written' : z.prettifyError(found.error)
  throw new UserError(noExperiment({ file, start: 0, end: 0 }, { file, problem }))
}

/** That what is to go on is what began: its variants, values, seeds and lengths. Throws UserError. */
export function checkSame(was: Frozen, is: Experiment, directory: string, span: Span): void {
  const refuse = (what: string, before: string, now: string): never => {
    throw new UserError(changedExperiment(span, { folder: directory, what, was: before, is: now }))
  }
  const compare = (what: string, a: unknown, b: unknown): void => {
    const [before, now] = [a, b].map((value) => JSON.stringify(value))
    if (before !== now) refuse(what, before ?? '', now ?? '')
  }
  const labels = (of: Experiment): readonly string[] => of.variants.map(({ label }) => label)
  compare('variants', labels(was), labels(is))
  compare('seeds', was.seeds, is.seeds)
  compare('steps', was.steps, is.steps)
  compare('primary', was.primary, is.primary)
  compare('select', was.select, is.select)
  for (const [k, { label, hash }] of was.variants.entries())
    compare(`compiled pipeline of \`${label}\``, hash.slice(0, 12), is.variants[k]?.hash.slice(0, 12))
}

/**
 * That what is left of an experiment reads what it read when it began: `keys` are those of its stages now, null where files
 * are not there. Throws UserError.
 */
export function checkReads(
  was: Frozen,
  left: readonly Pick<Cell, 'folder'>[],
  keys: Frozen['stages'],
  directory: string,
  span: Span,
): void {
  const refuse = (what: string, before: string, now: string): never => {
    throw new UserError(changedExperiment(span, { folder: directory, what, was: before, is: now }))
  }
  const versions = versionsNow()
  for (const { folder } of left)
    for (const [stage, key] of Object.entries(was.stages?.[folder] ?? {})) {
      const now = keys?.[folder]?.[stage]
      if (now === undefined || now === key) continue
      for (const name of ['dcrc', 'onnxruntime', 'platform'] as const)
        if (versions[name] !== was.versions[name]) refuse(name, was.versions[name], versions[name])
      refuse(
        `what stage \`${stage}\` of ${folder} reads (weights or data)`,
        key.slice(0, 12),
        now.slice(0, 12),
      )
    }
}

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { readFileSync } from '../disk.js'
import { identity } from '../artefact/identity.js'
import type { Json } from '../artefact/json.js'
import type { Manifest } from '../artefact/manifest.js'
import { manifestSchema } from '../artefact/schema.js'
import { trainedOf } from '../artefact/stage-parts.js'
import type { StageSpec } from '../artefact/stages.js'
import { profileFile, profileIn } from './profile.js'
import { unseal } from '../sealed.js'
import { RunUnreadable } from './run-unreadable.js'
import { type EvaluationTable, tableIn } from './evaluation-table.js'
import type { Moment, RunSummary, StageSummary, StepRecord } from './run-summary.js'
import { parsed } from '../json/parsed.js'

const number = z.number().nullable()
const numbersOf = (values: Readonly<Record<string, unknown>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  )
const values = { loss: number, grad_norm: number.default(null) }
const ofStep = {
  stage: z.string(),
  step: z.int().nonnegative(),
  /** Only scalars are of interest here. */
  monitors: z.record(z.string(), z.json()).default({}).transform(numbersOf),
  step_ms: z.number(),
  data_ms: z.number().default(0),
}
/** A step of a stage, or a round of its updates. */
const record = z.union([
  z.object({ ...ofStep, ...values }).transform((line) => ({ ...line, updates: {} })),
  z
    .object({ ...ofStep, updates: z.record(z.string(), z.object(values)) })
    .transform((line) => ({ ...line, loss: null, grad_norm: null })),
])
const runFile = z.object({ seed: z.int() })
const seedIn = (text: string): number | undefined => runFile.safeParse(unseal(text)).data?.seed
const metricsSchema = z.record(z.string(), z.json())

/** Reads manifest.json, metrics.jsonl and eval.json of a run. The last two may be missing: a run may just have begun. */
export function readRun(folder: string): RunSummary {
  const manifest = parse(manifestSchema, folder, 'manifest.json')
  if (!manifest) {
    throw new RunUnreadable(
      `${folder} is no run: it has no manifest.json`,
      'give the folder that `dcrc run` named',
    )
  }
  const { hash, ...body } = manifest
  if (identity(body) !== hash) throw damaged(join(folder, 'manifest.json'), 'it is not as it was written')
  const records = readRecords(folder)
  const measured = readSealed(folder, 'eval.json', tableIn) ?? {}
  return {
    folder,
    pipeline: manifest.pipeline,
    seed: readSealed(folder, 'run.json', seedIn) ?? manifest.seed,
    target: manifest.target,
    compiler: manifest.compiler,
    hash: manifest.hash,
    params: manifest.params,
    stages: manifest.stages.map((stage) => summarise(stage, records)),
    evaluations: manifest.evaluations.flatMap(({ name, kind, cases }) =>
      namesOf(name, cases).map((path) => ({ name: path, kind })),
    ),
    moments: Object.entries(measured).map(([name, results]): Moment => ({
      name,
      results: byName(manifest.evaluations, results),
    })),
    profile: readSealed(folder, profileFile, profileIn),
  }
}

type Evaluations = Manifest['evaluations']

/** The names under which a reader finds what an evaluation measures: with cases `d.a`, `d.b`, and `d` for their means. */
const namesOf = (name: string, cases: Evaluations[number]['cases']): readonly string[] => [
  ...cases.flatMap((one) => (one.name === null ? [] : [`${name}.${one.name}`])),
  name,
]

/** Metrics under those names. */
function byName(specs: Evaluations, results: EvaluationTable[string]): Moment['results'] {
  return Object.fromEntries(
    specs.flatMap(({ name, cases }) => {
      const metrics = results[name]
      if (!metrics) return []
      const named = cases.flatMap((one) => (one.name === null ? [] : [one.name]))
      const parts = named.map((of) => [`${name}.${of}`, metricsSchema.parse(metrics[of] ?? {})])
      const rest = Object.entries(metrics).filter(([key]) => !named.includes(key))
      return [...parts, [name, Object.fromEntries(rest)]]
    }),
  )
}

/** What a sealed file holds; undefined where there is none. Throws RunUnreadable. */
function readSealed<T>(folder: string, name: string, read: (text: string) => T | undefined): T | undefined {
  const file = join(folder, name)
  if (!existsSync(file)) return undefined
  const found = read(readFileSync(file, 'utf8'))
  if (found !== undefined) return found
  throw damaged(file, 'it is not as it was written')
}

function parse<T>(schema: z.ZodType<T>, folder: string, name: string): T | undefined {
  const file = join(folder, name)
  if (!existsSync(file)) return undefined
  const found = schema.safeParse(parsed(readFileSync(file, 'utf8')))
  if (found.success) return found.data
  throw damaged(file, z.prettifyError(found.error))
}

const damaged = (file: string, why: string): RunUnreadable =>
  new RunUnreadable(
    `${file} cannot be read: ${why}`,
    'it was written by another version or is damaged; run again',
  )

/** The last line may be cut off where a run was killed; a later record of a step replaces that of before a resume. */
function readRecords(folder: string): readonly StepRecord[] {
  const file = join(folder, 'metrics.jsonl')
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  const steps = new Map<string, StepRecord>()
  lines.forEach((line, index) => {
    if (line.trim() === '') return
    const value = parsed(line)
    if (value === undefined && index === lines.length - 1) return
    const found = record.safeParse(value)
    if (!found.success) throw damaged(`${file}, line ${index + 1}`, z.prettifyError(found.error))
    steps.set(`${found.data.stage} ${found.data.step}`, found.data)
  })
  return [...steps.values()]
}

const learningRate = (value: Json | undefined): number[] => (typeof value === 'number' ? [value] : [])

function summarise(stage: StageSpec, records: readonly StepRecord[]): StageSummary {
  const groups = stage.updates.flatMap((update) => update.groups)
  const [only] = stage.updates
  return {
    name: stage.name,
    updates: stage.updates.flatMap(({ name }) => name ?? []),
    steps: stage.steps,
    accumulate: only && only.name === null ? only.accumulate : 1,
    optimizers: [...new Set(groups.map((group) => group.optimizer))],
    learningRates: [...new Set(groups.flatMap((group) => learningRate(group.settings['lr'])))],
    trained: trainedOf(stage).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    records: records.filter((entry) => entry.stage === stage.name).sort((a, b) => a.step - b.step),
  }
}

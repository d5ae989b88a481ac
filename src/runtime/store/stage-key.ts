import { createHash } from 'node:crypto'
import { type EvaluationSpec, withoutReferences } from '../../artefact/evaluations.js'
import { dataOfEvaluation } from '../../artefact/graphs-of.js'
import type { GraphSpec } from '../../artefact/graphs.js'
import type { Manifest } from '../../artefact/manifest.js'
import { graphsOfStage, statesOf, trainedOf } from '../../artefact/stage-parts.js'
import type { StageSpec } from '../../artefact/stages.js'
import { canonical } from '../../json/canonical.js'
import { env } from '../onnxruntime.js'
import type { Origins } from './origins.js'

/** What decides the results of a run's stages beside what was compiled. */
export interface Circumstances {
  readonly seed: number
  /** The last step of each stage, at most its own number. */
  readonly steps: (stage: StageSpec) => number
  readonly origins: Origins
  /** The identity of the content of data sets, by name. */
  readonly data: Readonly<Record<string, string>>
}

/**
 * The keys of a pipeline's stages, by name: equal keys, equal results in every bit on one kind of processor. A key covers
 * the stage's hash, the seed, its length, the contents of the weights and data that it reads, the keys of the stages it
 * follows from, and the library that computes; not evaluations and monitors by which nothing ends.
 */
export function stageKeys(manifest: Manifest, given: Circumstances): ReadonlyMap<string, string> {
  const keys = new Map<string, string>()
  for (const stage of manifest.stages) {
    const models = modelsOf(stage, manifest)
    const data = dataOf(stage, manifest)
    const facts = {
      hash: stage.hash,
      seed: given.seed,
      steps: given.steps(stage),
      weights: Object.fromEntries([...models].sort().map((name) => [name, given.origins.get(name) ?? []])),
      data: Object.fromEntries([...data].sort().map((name) => [name, given.data[name] ?? null])),
      after: stage.after.map((name) => keys.get(name)),
      // what would have ended a run is not passed over by taking what another one, without it, ended with
      guard: stage.guard ?? undefined,
      onnxruntime: env.versions.node ?? '',
      platform: `${process.platform}-${process.arch}`,
    }
    keys.set(stage.name, createHash('sha256').update(canonical(facts)).digest('hex'))
  }
  return keys
}

/** The data sets whose rows decide what a stage ends with. */
export const dataOf = (stage: StageSpec, manifest: Manifest): ReadonlySet<string> =>
  new Set([
    ...decidingGraphs(stage).flatMap(({ inputs }) =>
      inputs.flatMap(({ role }) => (role.kind === 'batch' ? [role.data] : [])),
    ),
    ...decidingEvaluations(stage, manifest).flatMap((evaluation) => [...dataOfEvaluation(evaluation)]),
  ])

/** The models whose values decide what a stage ends with, and with which values of theirs copies among them start. */
function modelsOf(stage: StageSpec, manifest: Manifest): ReadonlySet<string> {
  const read = new Set([
    ...decidingGraphs(stage).flatMap(({ parameters }) => parameters.map(({ model }) => model)),
    ...[...trainedOf(stage), ...statesOf(stage)].map(({ model }) => model),
    ...decidingEvaluations(stage, manifest).flatMap(({ reads }) =>
      reads.map((name) => name.slice(0, name.indexOf('/'))),
    ),
  ])
  for (const { name, model } of manifest.adapters) if (read.has(name)) read.add(model)
  for (const { name, parameters } of manifest.models)
    if (read.has(name)) for (const { init } of parameters) if (init.kind === 'copy') read.add(init.model)
  return read
}

/** The graphs of a stage without those that only watch. */
const decidingGraphs = (stage: StageSpec): readonly GraphSpec[] => {
  const watching = new Set(stage.updates.map(({ graphs }) => graphs.monitored))
  return graphsOfStage(stage).filter((graph) => !watching.has(graph))
}

const decidingEvaluations = (
  { keep_best: best, stop }: StageSpec,
  { evaluations }: Manifest,
): readonly EvaluationSpec[] => {
  const names = new Set([best, stop].flatMap((metric) => metric?.evaluation ?? []))
  return evaluations.filter(({ name }) => names.has(name)).map(withoutReferences)
}

/**
 * The identity of what a stage records while it is trained: its monitors, and the evaluations within it. Null where it
 * records neither.
 */
export function seriesKey(stage: StageSpec, manifest: Manifest): string | null {
  const { monitors, measures, updates } = stage
  if (monitors.length === 0 && measures.length === 0) return null
  const within = new Set(measures.map(({ evaluation }) => evaluation))
  const evaluations = manifest.evaluations.filter(({ name }) => within.has(name)).map(withoutReferences)
  const read = new Set(evaluations.flatMap((e) => [...dataOfEvaluation(e)]))
  const files = [
    ...updates.flatMap(({ graphs }) => (graphs.monitored ? [graphs.monitored.file] : [])),
    ...evaluations.flatMap(({ cases }) => cases.flatMap(({ parts }) => parts.map((p) => p.graph.file))),
  ]
  const facts = {
    monitors,
    measures,
    evaluations,
    data: manifest.data.filter(({ name }) => read.has(name)),
    files: files.map((file) => manifest.files[file]),
  }
  return createHash('sha256').update(canonical(facts)).digest('hex')
}

import {
  type Lowered,
  type LoweredEvaluation,
  type LoweredPart,
  type LoweredStage,
  type LoweredUpdate,
  partsOf,
  withoutReferences,
} from '../4-lower/lowered.js'
import type { Scheduled, ScheduledEvaluation, ScheduledUpdate } from '../8-schedule/schedule.js'
import { slotsOf } from '../6-differentiate/update.js'
import type { ExportFile } from './export-file.js'
import { type EmitContext, type GraphFile, graphFile } from './graph-file.js'
import type { Artefact, Declared, Manifest } from '../../artefact/manifest.js'
import type { StageSpec, UpdateSpec } from '../../artefact/stages.js'
import { identity } from '../../artefact/identity.js'
import { manifestFormat, manifestVersion } from '../../artefact/manifest-version.js'
import { type StageIdentity, parameterNames, stageIdentities, withOriginals } from './stage-hash.js'

export interface EmittedStage {
  readonly lowered: LoweredStage
  readonly updates: readonly EmittedUpdate[]
}

/** An update's files, by what they are for. */
export interface EmittedUpdate {
  readonly lowered: LoweredUpdate
  readonly graphs: Readonly<Record<'step' | 'monitored' | 'micro' | 'prologue', GraphFile | null>> & {
    readonly step: GraphFile
  }
  readonly features: readonly GraphFile[]
}

export interface EmittedEvaluation {
  readonly lowered: LoweredEvaluation
  /** By case, then by part. */
  readonly files: readonly (readonly GraphFile[])[]
}

export const emitStage = (
  {
    lowered,
    updates,
  }: {
    readonly lowered: LoweredStage
    readonly updates: readonly { readonly scheduled: ScheduledUpdate }[]
  },
  context: EmitContext,
): EmittedStage => ({ lowered, updates: updates.map(({ scheduled }) => emitUpdate(scheduled, context)) })

function emitUpdate({ lowered, graphs, features }: ScheduledUpdate, context: EmitContext): EmittedUpdate {
  const named = (kind: string, given: Scheduled): GraphFile => {
    const parts = [lowered.stage, ...(lowered.name === null ? [] : [lowered.name]), kind, 'onnx']
    return graphFile(parts.join('.'), given, context)
  }
  const file = (kind: 'step' | 'monitored' | 'micro' | 'prologue'): GraphFile | null => {
    const given = graphs[kind]
    return given && named(kind, given)
  }
  const step = file('step')
  if (!step) throw new Error('unreachable: every update has a step')
  return {
    lowered,
    graphs: { step, monitored: file('monitored'), micro: file('micro'), prologue: file('prologue') },
    features: features.map((graph, k) => named(`cached-${k}`, graph)),
  }
}

/** The graphs of an evaluation; `lowered` as optimised. */
export function emitEvaluation(
  { lowered, graphs }: ScheduledEvaluation,
  context: EmitContext,
): EmittedEvaluation {
  const fileOf = (name: string | null, { beside, group }: LoweredPart, scheduled: Scheduled): GraphFile => {
    const file = [
      lowered.name,
      ...(name === null ? [] : [name]),
      ...(beside === undefined ? [] : [beside]),
      group ?? 'batch',
      'evaluate.onnx',
    ]
    return graphFile(file.join('.'), scheduled, context)
  }
  const files = lowered.cases.map(({ name, parts }, i) =>
    parts.flatMap((part, k) => {
      const scheduled = graphs[i]?.[k]
      return scheduled ? [fileOf(name, part, scheduled)] : []
    }),
  )
  return { lowered, files }
}

export interface ManifestOptions {
  readonly version: string
  readonly target: string
  readonly editHint: Manifest['edit_hint']
  readonly declared: readonly Declared[]
}

/** The manifest of all files, and the files by name. */
export function buildManifest(
  lowered: Lowered,
  stages: readonly EmittedStage[],
  evaluations: readonly EmittedEvaluation[],
  functions: readonly ExportFile[],
  { version, target, editHint, declared }: ManifestOptions,
): Artefact {
  const identities = stageIdentities(lowered, target, version)
  const files = [
    ...stages.flatMap(({ updates }) =>
      updates.flatMap(({ graphs, features }) => [
        ...Object.values(graphs).filter((f) => f !== null),
        ...features,
      ]),
    ),
    ...evaluations.flatMap((e) => e.files.flat()),
  ]
  const all = [...files, ...functions]
  const body: Omit<Manifest, 'hash'> = {
    format: manifestFormat,
    version: manifestVersion,
    compiler: version,
    pipeline: lowered.pipeline,
    target,
    seed: lowered.seed,
    weights: 'files',
    params: lowered.params,
    models: lowered.models,
    adapters: lowered.adapters,
    data: lowered.data,
    stages: stages.map((stage, i) => stageSpec(stage, identities[i])),
    evaluations: evaluations.map((evaluation) => evaluationSpec(evaluation, lowered.models)),
    exports: lowered.exports.map(
      (e) =>
        functions.find(({ spec }) => spec.name === e.name)?.spec ?? {
          kind: e.kind === 'adapter' ? 'adapter' : 'model',
          name: e.name,
        },
    ),
    files: Object.fromEntries(all.map((f) => [f.spec.file, f.sha256()])),
    source_map: { ...sourceMap(files), declared },
    allowed: lowered.allowed,
    edit_hint: editHint,
  }
  const bytes = new Map(all.map((f) => [f.spec.file, f.bytes()]))
  return { manifest: { ...body, hash: identity(body) }, files: bytes }
}

/** The files' nodes by their places, of which there are few. */
function sourceMap(files: readonly GraphFile[]): Omit<Manifest['source_map'], 'declared'> {
  const numbers = new Map<string, number>()
  const numberOf = (place: string | null): number => {
    if (place === null) return -1
    const number = numbers.get(place) ?? numbers.size
    if (number === numbers.size) numbers.set(place, number)
    return number
  }
  const nodes = Object.fromEntries(files.map((f) => [f.spec.file, f.places().map(numberOf)]))
  return { places: [...numbers.keys()], nodes }
}

function evaluationSpec(
  { lowered, files }: EmittedEvaluation,
  models: Lowered['models'],
): Manifest['evaluations'][number] {
  const { name, kind } = lowered
  const cases = lowered.cases.map(({ name: of, settings, parts }, i) => ({
    name: of,
    settings,
    parts: parts.flatMap((part, k) => {
      const file = files[i]?.[k]
      return file ? [{ ...part, graph: file.spec }] : []
    }),
  }))
  const read = partsOf(withoutReferences(lowered)).flatMap(({ graph }) => [...parameterNames(graph)])
  return { name, kind, cases, reads: [...withOriginals(models, read)].sort() }
}

function stageSpec({ lowered, updates }: EmittedStage, identity: StageIdentity | undefined): StageSpec {
  if (!identity) throw new Error('unreachable: every stage has an identity')
  return {
    name: lowered.name,
    ...identity,
    steps: lowered.steps,
    save_every: lowered.saveEvery,
    measures: lowered.measures,
    keep_last: lowered.keepLast,
    keep_best: lowered.keepBest,
    stop: lowered.stop,
    on_nonfinite: lowered.onNonfinite,
    guard: lowered.guard,
    updates: updates.map(updateSpec),
    monitors: lowered.monitors.map(({ name, every, statistic }) => ({ name, every, statistic })),
  }
}

function updateSpec({ lowered, graphs, features }: EmittedUpdate): UpdateSpec {
  return {
    name: lowered.name,
    times: lowered.times,
    accumulate: lowered.accumulate,
    groups: lowered.groups.map((g) => ({
      optimizer: g.optimizer,
      settings: g.settings,
      schedule: g.schedule,
      schedule_settings: g.scheduleSettings,
    })),
    trained: lowered.trained.map(({ model, path, shape, group }) => ({ model, path, shape, group })),
    states: lowered.states,
    slots: slotsOf(lowered),
    ema: lowered.ema,
    graphs: {
      step: graphs.step.spec,
      monitored: graphs.monitored?.spec ?? null,
      micro: graphs.micro?.spec ?? null,
      prologue: graphs.prologue?.spec ?? null,
    },
    ...(features.length > 0 && { features: features.map(({ spec }) => spec) }),
  }
}

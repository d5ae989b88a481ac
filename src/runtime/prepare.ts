import { rmSync } from 'node:fs'
import type { Artefact, Manifest } from '../artefact/manifest.js'
import type { ModelSpec } from '../artefact/models.js'
import { changedModel, changedSinceRun, stageOrder, unknownStage } from '../diagnostics/catalogue/run.js'
import { type Diagnostic, type Span, UserError } from '../diagnostics/diagnostic.js'
import { type Progress, findProgress, listCheckpoints } from './checkpoint.js'
import { BadSamples, defaultBadShare } from './bad-samples.js'
import { badCarried } from './exports/carry-over.js'
import { Feeder } from './feeds.js'
import { freeMemory } from './free-memory.js'
import { checkMemory } from './memory-check.js'
import { changedModelFiles } from './model-files.js'
import { openAllData } from './open-data.js'
import type { RunOptions } from './options.js'
import type { RunFolder, RunRecord } from './run-folder.js'
import { chooseFolder, environment, readRun } from './run-record.js'
import { isAbsent, withRandomWeights } from './substitutes.js'
import { WorkerThread } from './thread.js'
import type { StageRun, TrainContext } from './train-context.js'
import { stepOfMoment } from './validation.js'
import { Weights, fileSystemRoot } from './weights.js'
import { prologueCache } from '../cache.js'
import type { Conversion } from '../weights/conversions.js'

/** Problems that were found together. */
export class Problems extends Error {
  constructor(readonly diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((d) => d.message).join('; '))
  }
}

/** What a run works with. */
export interface Prepared {
  readonly context: TrainContext
  readonly stages: readonly StageRun[]
  readonly progress: Progress
}

/** Opens all that the run needs before it changes anything, so that what is missing is told at once. */
export async function prepare(artefact: Artefact, span: Span, options: RunOptions): Promise<Prepared> {
  const { manifest } = artefact
  const root = options.root ?? process.cwd()
  const stages = manifest.stages.map((stage) => ({
    stage,
    steps: Math.min(options.steps ?? stage.steps, stage.steps),
    from: null,
  }))
  const folder = chooseFolder(manifest, root, options, span)
  const before = options.resume ? readRun(folder, manifest, options, span) : undefined
  const seed = before?.seed ?? options.seed ?? manifest.seed
  const progress = findProgress(
    before ? listCheckpoints(folder) : [],
    stages,
    before ? folder.evaluations : {},
  )
  checkSteps(stages, progress, folder, span)
  checkStage(options.stage, stages, progress, span)
  const emit = options.onEvent ?? (() => undefined)
  const left = stages.slice(progress.done.length).map(({ stage }) => stage)
  const wanted = left.filter(({ name }) => options.stage === undefined || name === options.stage)
  const tight = checkMemory(wanted, options.freeMemory ?? freeMemory(), span)
  if (tight?.severity === 'error') throw new UserError(tight)
  if (tight) emit({ kind: 'warning', diagnostic: tight })

  const mayBeRandom = (options.weights ?? manifest.weights) === 'random'
  const opened = await openAllData(manifest, root, span, {
    open: options.openDataset,
    random: before
      ? { seed, names: before.random.data }
      : mayBeRandom
        ? { seed, names: 'absent' }
        : undefined,
  })
  const absent = manifest.models.filter((model) => mayBeRandom && isAbsent(model, root))
  const random = before?.random ?? { weights: absent.map(({ name }) => name), data: [...opened.random] }
  const changed = changedModelFiles(
    manifest.models.filter(({ name }) => !random.weights.includes(name)),
    root,
  )
  const stale = changed.length > 0 ? [changedModel(span, { files: changed })] : []
  const onConvert = (conversion: Conversion): void => emit({ kind: 'converting', ...conversion })
  const onWarning = (diagnostic: Diagnostic): void => emit({ kind: 'warning', diagnostic })
  const weightOptions = { root, directory: folder.directory, seed, span, onConvert, onWarning }
  const { weights, problems } = await Weights.open(
    withRandomWeights(manifest, random.weights),
    weightOptions,
    [...opened.problems, ...stale, ...badCarried(exportedModels(manifest), root)],
  )
  if (problems.length > 0) throw new Problems(problems)
  const fingerprints = Object.fromEntries(
    [...opened.data].map(([name, { rows }]) => [name, rows.fingerprint]),
  )
  if (before) {
    checkData(before, fingerprints, folder, span)
    forget(folder, progress)
  } else {
    folder.create(manifest, environment(manifest, seed, fingerprints, random))
  }

  const badShare = options.badShare ?? defaultBadShare
  const bad = new BadSamples(folder.path('bad-samples.jsonl'), badShare, span, onWarning)
  const context = {
    artefact,
    thread: new WorkerThread(),
    feeder: new Feeder(opened.data, bad),
    data: opened.data,
    weights,
    folder,
    cache: prologueCache(root),
    seed,
    random,
    settings: { target: manifest.target, root: fileSystemRoot, threads: options.threads },
    signal: options.signal,
    emit,
  }
  return { context, stages, progress }
}

/** The models that are written whole at the end. */
const exportedModels = ({ models, exports }: Manifest): readonly ModelSpec[] =>
  models.filter(({ name }) => exports.some((spec) => spec.kind === 'model' && spec.name === name))

/** A stage that is trained further than it is now to go: what follows from it could not be made again. */
function checkSteps(stages: readonly StageRun[], { beyond }: Progress, folder: RunFolder, span: Span): void {
  if (!beyond) return
  const wanted = stages.find(({ stage }) => stage.name === beyond.stage)?.steps ?? 0
  throw new UserError(
    changedSinceRun(span, {
      folder: folder.directory,
      what: `length of stage \`${beyond.stage}\``,
      was: `${beyond.step} steps`,
      is: `${wanted} steps`,
    }),
  )
}

/** The one stage to train exists, and those before it have run. */
function checkStage(
  name: string | undefined,
  stages: readonly StageRun[],
  { done }: Progress,
  span: Span,
): void {
  if (name === undefined) return
  const names = stages.map(({ stage }) => stage.name)
  if (!names.includes(name)) throw new UserError(unknownStage(span, { name, stages: names }))
  const next = names[done.length]
  if (next !== undefined && done.length < names.indexOf(name)) {
    throw new UserError(stageOrder(span, { name, before: next }))
  }
}

function checkData(
  before: RunRecord,
  fingerprints: Readonly<Record<string, string>>,
  folder: RunFolder,
  span: Span,
): void {
  for (const [name, was] of Object.entries(before.data)) {
    const is = fingerprints[name] ?? 'absent'
    const what = `content of data \`${name}\``
    if (is !== was) throw new UserError(changedSinceRun(span, { folder: folder.directory, what, was, is }))
  }
}

/** Drops what a resumed run will do again: later checkpoints, metrics and evaluations. */
function forget(folder: RunFolder, { done, within, stale }: Progress): void {
  for (const { directory } of stale) rmSync(directory, { recursive: true })
  const kept = new Map([
    ...done.map(({ stage, at }) => [stage, at] as const),
    ...(within ? [[within.stage, within.step] as const] : []),
  ])
  folder.truncateMetrics(({ stage, step }) => step <= (kept.get(stage) ?? 0))
  const moments = new Set(['start', ...done.map(({ stage }) => stage)])
  const table = Object.entries(folder.evaluations).filter(
    ([moment]) =>
      moments.has(moment) ||
      [...kept].some(([stage, step]) => (stepOfMoment(stage, moment) ?? Infinity) <= step),
  )
  folder.evaluations = Object.fromEntries(table)
}

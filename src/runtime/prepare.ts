import { rmSync } from 'node:fs'
import type { Artefact, Manifest } from '../artefact/manifest.js'
import type { ModelSpec } from '../artefact/models.js'
import { changedModel, changedSinceRun, stageOrder, unknownStage } from '../diagnostics/catalogue/run.js'
import {
  damagedCheckpoint,
  damagedInitial,
  damagedMetrics,
  restoredEvents,
} from '../diagnostics/catalogue/run-folder.js'
import { type Diagnostic, type Span, UserError } from '../diagnostics/diagnostic.js'
import { removeCheckpoint, removeHidden, setAside } from './checkpoint.js'
import { BadSamples, defaultBadShare } from './bad-samples.js'
import { badCarried } from './exports/carry-over.js'
import { chooseExecutor } from './executors/choose.js'
import { Feeder } from './feeds.js'
import { freeMemory } from './free-memory.js'
import { checkMemory } from './memory-check.js'
import { changedModelFiles } from './model-files.js'
import { openAllData } from './open-data.js'
import type { RunOptions } from './options.js'
import type { Places } from './places.js'
import type { RunFolder, RunRecord } from './run-folder.js'
import { RunLock } from './run-lock.js'
import { profileFolder } from './profile.js'
import { type Progress, findIntact, findProgress } from './run-progress.js'
import { checkFresh, chooseFolder, environment, readRun } from './run-record.js'
import { ownSources } from './run-sources.js'
import { StateCopies } from './state-copies.js'
import { SaveClock, SaveRequests } from './save-clock.js'
import { sumsIn } from './sums.js'
import { eventsFile } from './tensorboard.js'
import { isAbsent, withRandomWeights } from './substitutes.js'
import { WorkerThread } from './thread.js'
import type { StageRun, TrainContext } from './train-context.js'
import { stepOfMoment } from './validation.js'
import { Weights, fileSystemRoot } from './weights.js'
import { contentCache, featureCache, prologueCache } from '../cache.js'
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
export async function prepare(artefact: Artefact, places: Places, options: RunOptions): Promise<Prepared> {
  const root = options.root ?? process.cwd()
  const folder = chooseFolder(artefact.manifest, root, options, places.whole)
  const emit = options.onEvent ?? (() => undefined)
  const lock = RunLock.take(folder.directory, places.whole, (diagnostic) =>
    emit({ kind: 'warning', diagnostic }),
  )
  try {
    return await prepareIn(folder, lock, artefact, places, options)
  } catch (error) {
    lock.release()
    throw error
  }
}

const defaultSaveMinutes = 10

async function prepareIn(
  folder: RunFolder,
  lock: RunLock,
  artefact: Artefact,
  places: Places,
  options: RunOptions,
): Promise<Prepared> {
  const span = places.whole
  const spanOf = (name: string): Span => places.of(name)
  const { manifest } = artefact
  const root = options.root ?? process.cwd()
  const stages = manifest.stages.map((stage) => ({
    stage,
    steps: Math.min(options.steps ?? stage.steps, stage.steps),
    from: null,
  }))
  if (!options.resume) checkFresh(folder, span)
  const before = options.resume ? readRun(folder, artefact, options, span) : undefined
  const seed = before?.seed ?? options.seed ?? manifest.seed
  const { progress, damaged } = before
    ? await findIntact(folder, seed, stages)
    : { progress: findProgress([], stages, {}), damaged: [] }
  checkSteps(stages, progress, folder, span)
  checkStage(options.stage, stages, progress, span)
  const emit = options.onEvent ?? (() => undefined)
  const left = stages.slice(progress.done.length).map(({ stage }) => stage)
  const until = left.findIndex(({ name }) => name === options.until)
  const wanted = left
    .slice(0, until < 0 ? left.length : until + 1)
    .filter(({ name }) => options.stage === undefined || name === options.stage)
  const free = (): number => options.freeMemory ?? freeMemory()
  const tight = checkMemory(wanted, free(), spanOf)
  if (tight?.severity === 'error') throw new UserError(tight)
  if (tight) emit({ kind: 'warning', diagnostic: tight })
  const executor = await chooseExecutor(options.executor, manifest.target, span)

  const mayBeRandom = (options.weights ?? manifest.weights) === 'random'
  const opened = await openAllData(manifest, root, spanOf, {
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
  if (before) await dropDerived(folder, before, (file) => onWarning(damagedInitial(span, { file })))
  const weightOptions = { root, directory: folder.directory, seed, spanOf, onConvert, onWarning }
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
    const last = progress.within ?? progress.done.at(-1)
    for (const one of damaged) {
      const aside = setAside(folder, one)
      const facts = { checkpoint: one.directory, ...one, aside, instead: last?.directory ?? null }
      onWarning(damagedCheckpoint(span, facts))
    }
    if (last && !folder.beginsWith(last.metrics))
      onWarning(damagedMetrics(span, { file: folder.path('metrics.jsonl') }))
    if (forget(folder, progress)) onWarning(restoredEvents(span, { file: folder.path(eventsFile) }))
  } else {
    const initial = await sumsIn(folder.path('initial'))
    const record = environment(manifest, { seed, data: fingerprints, random, initial, executor })
    folder.create(artefact, record, ownSources(options.texts))
  }

  // what an earlier process has written there is of other steps
  if (options.profile) rmSync(folder.path(profileFolder), { recursive: true, force: true })
  const badShare = options.badShare ?? defaultBadShare
  const bad = new BadSamples(folder.path('bad-samples.jsonl'), badShare, spanOf, onWarning)
  const context = {
    artefact,
    thread: new WorkerThread(),
    feeder: new Feeder(opened.data, bad),
    data: opened.data,
    weights,
    folder,
    lock,
    clock: new SaveClock(
      folder,
      options.saveMinutes ?? defaultSaveMinutes,
      options.saveRequests ?? new SaveRequests(),
    ),
    copies: new StateCopies(free),
    cache: prologueCache(root),
    features: { cache: featureCache(root), contents: contentCache(root) },
    seed,
    random,
    settings: { target: manifest.target, executor, root: fileSystemRoot, threads: options.threads },
    profiled: options.profile === true,
    signal: options.signal,
    emit,
  }
  return { context, stages, progress }
}

/** The models that are written whole at the end. */
export const exportedModels = ({ models, exports }: Manifest): readonly ModelSpec[] =>
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
      others: [],
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
    if (is !== was)
      throw new UserError(changedSinceRun(span, { folder: folder.directory, what, was, is, others: [] }))
  }
}

/** Removes files that are made again from others, where they are not known to be as they were written. */
async function dropDerived(
  folder: RunFolder,
  { initial }: RunRecord,
  onDamage: (file: string) => void,
): Promise<void> {
  rmSync(folder.path('converted'), { recursive: true, force: true })
  const found = await sumsIn(folder.path('initial'))
  for (const [name, { crc32 }] of Object.entries(found)) {
    if (initial[name]?.crc32 === crc32) continue
    const file = folder.path('initial', name)
    rmSync(file)
    onDamage(file)
  }
}

/** Drops what a resumed run will do again: later checkpoints, metrics and evaluations; whether events were lost. */
function forget(folder: RunFolder, { done, within, stale }: Progress): boolean {
  removeHidden(folder)
  folder.removeParts()
  for (const { directory } of stale) removeCheckpoint(directory)
  const kept = new Map([
    ...done.map(({ stage, at }) => [stage, at] as const),
    ...(within ? [[within.stage, within.step] as const] : []),
  ])
  const moments = new Set(['start', ...done.map(({ stage }) => stage)])
  const table = Object.entries(folder.evaluations).filter(
    ([moment]) =>
      moments.has(moment) ||
      [...kept].some(([stage, step]) => (stepOfMoment(stage, moment) ?? Infinity) <= step),
  )
  folder.evaluations = Object.fromEntries(table)
  return folder.truncateMetrics(({ stage, step }) => step <= (kept.get(stage) ?? 0))
}

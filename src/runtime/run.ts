import type { EvaluationSpec } from '../artefact/evaluations.js'
import type { Json } from '../artefact/json.js'
import type { Artefact, Manifest } from '../artefact/manifest.js'
import type { StageSpec } from '../artefact/stages.js'
import { statesOf, trainedOf } from '../artefact/stage-parts.js'
import { diverged, notFinite } from '../diagnostics/catalogue/run.js'
import { unfitRows } from '../diagnostics/catalogue/run-data.js'
import { littleRoom, noRoom } from '../diagnostics/catalogue/run-folder.js'
import { type Diagnostic, UserError } from '../diagnostics/diagnostic.js'
import { faultOf } from '../faults/fault.js'
import { GraphFault, graphFault } from '../faults/graph-fault.js'
import { findEvaluationKind } from '../evaluations/registry.js'
import { checkTarget, loadArtefact } from './artefact.js'
import { type Place, checkpointName, pruneCheckpoints, saveCheckpoint } from './checkpoint.js'
import { describeOrigin } from './describe-origin.js'
import { EntryOutside } from './field-limits.js'
import { Places } from './places.js'
import { bestSoFar, dueAfter, endingOf, isWatched, momentWithin } from './validation.js'
import { type Measure, evaluate } from './evaluate.js'
import { startKey } from './start-key.js'
import { writeExports } from './exports/index.js'
import type { RunOptions, RunResult } from './options.js'
import { writePictures } from './metrics-pictures.js'
import { Problems, prepare } from './prepare.js'
import { besideTensors, freeRoom } from './room.js'
import type { RunFolder } from './run-folder.js'
import type { Progress } from './run-progress.js'
import { inPlace, stateBytes, writeState } from './stage-state.js'
import { SharedStages } from './store/shared-stages.js'
import { takeValues } from './take-values.js'
import { type StageHooks, rowsPerStep, trainStage } from './train.js'
import type { StageRun, TrainContext } from './train-context.js'

export type { RunOptions, RunResult } from './options.js'

/** Runs a compiled pipeline, from its folder or from memory: trains, evaluates and exports into a run folder. */
export async function runPipeline(source: string | Artefact, options: RunOptions = {}): Promise<RunResult> {
  let directory: string | null = null
  let artefact: Artefact | undefined
  let places = new Places(options.file ?? '')
  try {
    artefact = typeof source === 'string' ? loadArtefact(source) : source
    const { manifest } = artefact
    places = new Places(options.file ?? manifest.pipeline, manifest, options.texts)
    checkTarget(manifest, places.whole)
    const onEvent = withoutAllowed(manifest, options.onEvent)
    const { context, stages, progress } = await prepare(artefact, places, { ...options, onEvent })
    directory = context.folder.directory
    try {
      const { store, root = process.cwd() } = options
      const shared = store && (await SharedStages.open(store, context, stages, { root, span: places.whole }))
      return await new Run(context, stages, progress, options, places, shared).go()
    } finally {
      // The thread ends last: a disk that takes no more lines must not keep the process alive.
      try {
        context.folder.flush()
      } finally {
        await context.thread.end()
        context.lock.release()
      }
    }
  } catch (error) {
    const diagnostics = diagnosticsOf(error, artefact, places)
    if (diagnostics) return { status: 'failed', directory, diagnostics }
    throw error
  }
}

/** Hears of all but the warnings that a pipeline allows. */
function withoutAllowed(
  { allowed }: Manifest,
  onEvent: RunOptions['onEvent'] = () => undefined,
): NonNullable<RunOptions['onEvent']> {
  const silent = new Set(allowed.flatMap(({ code, stage }) => (stage === null ? [code] : [])))
  return (event) => {
    if (event.kind !== 'warning' || !silent.has(event.diagnostic.code)) onEvent(event)
  }
}

/** What a user is told of an error; undefined where it is a bug. */
function diagnosticsOf(
  error: unknown,
  artefact: Artefact | undefined,
  places: Places,
): readonly Diagnostic[] | undefined {
  if (error instanceof Problems) return error.diagnostics
  if (error instanceof GraphFault && artefact)
    return [graphFault(error, artefact, (place) => places.at(place))]
  const span = error instanceof EntryOutside ? places.at(error.facts.limit.place) : places.whole
  const fault = faultOf(error, span)
  return fault && [fault]
}

class Run {
  /** The checkpoints with which stages have ended. */
  private readonly ends: Place[] = []
  /** The last checkpoint, from which the run would go on. */
  private at: Place | null = null

  constructor(
    private readonly context: TrainContext,
    private readonly stages: readonly StageRun[],
    private readonly progress: Progress,
    private readonly options: RunOptions,
    private readonly places: Places,
    /** What other runs have trained, where there is a store of it. */
    private readonly shared: SharedStages | undefined,
  ) {}

  get folder(): RunFolder {
    return this.context.folder
  }

  async go(): Promise<RunResult> {
    const { emit } = this.context
    const { done, within, stale } = this.progress
    const next = this.stages[done.length]
    emit({
      kind: 'started',
      directory: this.folder.directory,
      stages: this.stages.map(({ stage, steps }) => ({ name: stage.name, steps })),
      resumed: this.options.resume ? { stage: next?.stage.name ?? null, step: within?.step ?? 0 } : null,
      discarded: stale.map(({ stage, step }) => `${stage}-${step}`),
      random: this.context.random,
    })
    try {
      await this.startEvaluations({ gates: true })
      for (const [i, stageRun] of this.stages.entries()) {
        const { stage } = stageRun
        this.context.weights.begin(stage)
        const finished = done[i]
        if (!finished) {
          const resumed = within?.stage === stage.name ? within : null
          this.at = resumed ? { stage: stage.name, step: resumed.step } : this.at
          const train = (): Promise<boolean> => this.train({ ...stageRun, from: resumed })
          if (await (this.shared?.have(stageRun, this.ends, train) ?? train())) return this.stopped()
        }
        await this.startEvaluations()
        const end = { stage: stage.name, step: finished?.step ?? this.endOf(stageRun) }
        this.ends.push(end)
        this.at = end
        if (stage.name === this.options.until) return this.stopped()
        await takeValues(stage, end, this.context)
        // a process may have been killed before it had removed all that nothing asks for
        if (finished) pruneCheckpoints(this.folder, stage, bestSoFar(stage, this.folder.evaluations))
        const changed = new Set(
          [...trainedOf(stage), ...statesOf(stage)].map(({ model, path }) => `${model}/${path}`),
        )
        await this.evaluations(stage.name, ({ reads }) => reads.some((name) => changed.has(name)))
        if (stage.name === this.options.stage) break
      }
      await this.startEvaluations()
    } catch (error) {
      // thrown between batches of an evaluation, or while it was awaited from another run
      if (this.context.signal?.aborted && error === this.context.signal.reason) return this.stopped()
      throw error
    }
    const exported = await this.exports()
    this.folder.writeTables()
    emit({ kind: 'done', directory: this.folder.directory, random: this.context.random })
    return {
      status: 'done',
      directory: this.folder.directory,
      evaluations: this.folder.evaluations,
      exported,
    }
  }

  /** The step with whose values a stage that is trained has ended. */
  private endOf({ stage, steps }: StageRun): number {
    return isWatched(stage) ? (endingOf(stage, steps, this.folder.evaluations)?.with ?? steps) : steps
  }

  /** Makes the evaluations within a stage that are due after a step; whether they end the stage. */
  private async measureWithin({ stage, steps }: StageRun, step: number): Promise<boolean> {
    const { weights, emit } = this.context
    const due = dueAfter(stage, step, steps)
    await weights.during(async () => {
      await takeValues(stage, { stage: stage.name, step }, this.context)
      await this.evaluations(momentWithin(stage.name, step), ({ name }) => due.has(name))
    })
    const table = this.folder.evaluations
    const ending = isWatched(stage) ? endingOf(stage, steps, table) : null
    pruneCheckpoints(this.folder, stage, bestSoFar(stage, table))
    if (ending) emit({ kind: 'ended', stage: stage.name, step: ending.at, values: ending.with, steps })
    return ending !== null
  }

  /** Trains a stage to its end; whether it was told to stop before. */
  private async train(run: StageRun): Promise<boolean> {
    const { stage, steps, from } = run
    const { emit, artefact, seed } = this.context
    emit({ kind: 'stage', stage: stage.name, from: from?.step ?? 0, steps, rows: rowsPerStep(stage) })
    const begun = (): Promise<void> => this.startEvaluations()
    const save: StageHooks['save'] = async (step, beside, { wanted, awaited }) => {
      const { lock, clock, copies } = this.context
      lock.check()
      if (!this.hasRoom(stage, step, wanted)) return null
      const metrics = this.folder.sum()
      const place = { stage: stage.name, step }
      const previous = [...this.ends]
      const state = { manifest: artefact.manifest.hash, seed, ...place, ...beside, previous, metrics }
      clock.begun()
      const copied = awaited ? undefined : await copies.take(stage, this.context)
      const write = async (): Promise<void> => {
        const directory = await saveCheckpoint(this.folder, state, (folder) =>
          writeState(folder, stage, this.context, copied ?? inPlace(this.context)),
        )
        this.at = place
        clock.saved()
        emit({ kind: 'checkpoint', ...place, directory })
        if (dueAfter(stage, step, steps).size === 0)
          pruneCheckpoints(this.folder, stage, bestSoFar(stage, this.folder.evaluations))
      }
      const stands = write()
      if (!copied) await stands
      return { stands }
    }
    const measure = (step: number): Promise<boolean> => this.measureWithin(run, step)
    const end = await trainStage(run, this.context, { begun, save, measure })
    const keptIn = (kept: number | null): string | null =>
      kept === null ? null : this.folder.path(checkpointName({ stage: stage.name, step: kept }))
    if (end.kind === 'diverged') {
      const above = stage.guard?.above ?? 0
      const facts = { stage: stage.name, ...end, above, steps: stage.guard?.steps ?? 0 }
      throw new UserError(diverged(this.places.of(stage.name), { ...facts, kept: keptIn(end.kept) }))
    }
    if (end.kind === 'not-finite') {
      const { kept, step, what, value, origin } = end
      const facts = { stage: stage.name, step, what, value, kept: keptIn(kept) }
      const known = origin && describeOrigin(origin, artefact.manifest)
      throw new UserError(
        notFinite(known?.place === undefined ? this.places.of(stage.name) : this.places.at(known.place), {
          ...facts,
          origin: known?.words,
          isWritten: known?.isWritten ?? false,
        }),
      )
    }
    return end.kind === 'stopped'
  }

  /** Whether a checkpoint fits on the disk. One that nothing but the clock wants may wait; else throws UserError. */
  private hasRoom(stage: StageSpec, step: number, wanted: boolean): boolean {
    const needed = stateBytes(stage, this.context) + besideTensors
    const facts = {
      folder: this.folder.directory,
      needed,
      free: (this.options.freeRoom ?? freeRoom)(this.folder.directory),
    }
    if (facts.free >= needed) return true
    if (wanted) throw new UserError(noRoom(this.places.whole, facts))
    this.context.emit({ kind: 'warning', diagnostic: littleRoom(this.places.whole, { step, ...facts }) })
    this.context.clock.later()
    return false
  }

  /**
   * Measures what the models do before they are trained. Gates come before the first step, since they may say that it
   * makes no sense; the others after it, since the first step shows soonest whether training works. Until the stage
   * ends they all read the weights that it started from.
   */
  private startEvaluations({ gates }: { readonly gates?: true } = {}): Promise<void> {
    return this.evaluations('start', ({ kind }) => !gates || findEvaluationKind(kind)?.gate === true)
  }

  /** Runs the evaluations of a moment whose reads changed, except those that an earlier part of the run has made. */
  private async evaluations(moment: string, applies: (spec: EvaluationSpec) => boolean): Promise<void> {
    const { artefact, emit, seed, signal } = this.context
    for (const spec of artefact.manifest.evaluations) {
      const table = this.folder.evaluations
      if (!applies(spec)) continue
      const made = table[moment]?.[spec.name]
      if (made) {
        await writePictures(this.folder, moment, spec.name, made)
        continue
      }
      const measured = async (): Promise<Readonly<Record<string, Json>>> =>
        evaluate(spec, {
          ...this.context,
          files: artefact.files,
          measure: this.options.measure ?? ((e, input) => this.measure(e, input)),
          start: table['start']?.[spec.name],
          onBatch: (done, batches) => {
            signal?.throwIfAborted()
            emit({ kind: 'evaluating', moment, evaluation: spec.name, done, batches })
          },
        })
      const { startResults } = this.options
      const metrics = await (startResults && moment === 'start'
        ? startResults.take(startKey(artefact, spec, seed), measured, signal)
        : measured())
      this.folder.evaluations = { ...table, [moment]: { ...table[moment], [spec.name]: metrics } }
      await writePictures(this.folder, moment, spec.name, metrics)
      emit({ kind: 'evaluated', moment, evaluation: spec.name, metrics })
    }
  }

  private async measure(
    { name, kind, cases }: EvaluationSpec,
    input: Parameters<Measure>[1],
  ): Promise<Readonly<Record<string, Json>>> {
    try {
      return await this.context.thread.call('measure', [name, kind, input])
    } catch (error) {
      // Made-up rows need not fit together: the run only tries the pipeline out.
      const { random } = this.context
      const madeUp = cases.some(({ parts }) => parts.some(({ data }) => data && random.data.includes(data)))
      if (!madeUp || !(error instanceof UserError) || error.diagnostic.code !== unfitRows.code) throw error
      return { protocol: `not measured on made-up rows: ${error.diagnostic.message}` }
    }
  }

  private exports(): Promise<Record<string, string>> {
    return writeExports(this.context, this.options.root ?? process.cwd())
  }

  private stopped(): RunResult {
    const { at } = this
    const { directory } = this.folder
    this.folder.writeTables()
    this.context.emit({ kind: 'stopped', directory, stage: at?.stage ?? null, step: at?.step ?? 0 })
    return { status: 'stopped', directory, at }
  }
}

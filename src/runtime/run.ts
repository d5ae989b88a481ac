import type { EvaluationSpec } from '../artefact/evaluations.js'
import type { Json } from '../artefact/json.js'
import type { Artefact } from '../artefact/manifest.js'
import { statesOf, trainedOf } from '../artefact/stage-parts.js'
import { notFinite } from '../diagnostics/catalogue/run.js'
import { type Diagnostic, type Span, UserError } from '../diagnostics/diagnostic.js'
import { faultOf } from '../faults/fault.js'
import { GraphFault, graphFault } from '../faults/graph-fault.js'
import { findEvaluationKind } from '../evaluations/registry.js'
import { checkTarget, loadArtefact } from './artefact.js'
import { type Progress, checkpointName, saveCheckpoint } from './checkpoint.js'
import { type Measure, evaluate } from './evaluate.js'
import { startKey } from './start-key.js'
import { writeExport } from './exports/index.js'
import type { RunOptions, RunResult } from './options.js'
import { Problems, prepare } from './prepare.js'
import type { RunFolder } from './run-folder.js'
import {
  type StageHooks,
  type StageRun,
  type TrainContext,
  changedModels,
  checkpointFile,
  rowsPerStep,
  trainStage,
  writeState,
} from './train.js'
import { emptyTable } from '../json/table.js'

export type { RunOptions, RunResult } from './options.js'

/** Runs a compiled pipeline, from its folder or from memory: trains, evaluates and exports into a run folder. */
export async function runPipeline(source: string | Artefact, options: RunOptions = {}): Promise<RunResult> {
  let directory: string | null = null
  let artefact: Artefact | undefined
  let span: Span = { file: options.file ?? '', start: 0, end: 0 }
  try {
    artefact = typeof source === 'string' ? loadArtefact(source) : source
    span = { ...span, file: options.file ?? artefact.manifest.pipeline }
    checkTarget(artefact.manifest, span)
    const { context, stages, progress } = await prepare(artefact, span, options)
    const run = new Run(context, stages, progress, options, span)
    directory = run.folder.directory
    try {
      return await run.go()
    } finally {
      // The thread ends last: a disk that takes no more lines must not keep the process alive.
      try {
        run.folder.flush()
      } finally {
        await context.thread.end()
      }
    }
  } catch (error) {
    const diagnostics = diagnosticsOf(error, artefact, span)
    if (diagnostics) return { status: 'failed', directory, diagnostics }
    throw error
  }
}

/** What a user is told of an error; undefined where it is a bug. */
function diagnosticsOf(
  error: unknown,
  artefact: Artefact | undefined,
  span: Span,
): readonly Diagnostic[] | undefined {
  if (error instanceof Problems) return error.diagnostics
  if (error instanceof GraphFault && artefact) return [graphFault(error, artefact, span)]
  const fault = faultOf(error, span)
  return fault && [fault]
}

class Run {
  constructor(
    private readonly context: TrainContext,
    private readonly stages: readonly StageRun[],
    private readonly progress: Progress,
    private readonly options: RunOptions,
    private readonly span: Span,
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
    let at: { stage: string; step: number } | null = null
    try {
      await this.startEvaluations({ gates: true })
      for (const [i, stageRun] of this.stages.entries()) {
        const { stage, steps } = stageRun
        this.context.weights.begin(stage)
        const finished = done[i]
        if (!finished) {
          const resumed = within?.stage === stage.name ? within : null
          at = resumed ? { stage: stage.name, step: resumed.step } : at
          const stopped = await this.train({ ...stageRun, from: resumed })
          if (stopped !== null) return this.stopped(stopped > 0 ? { stage: stage.name, step: stopped } : at)
        }
        await this.startEvaluations()
        at = { stage: stage.name, step: steps }
        const directory = this.folder.path(checkpointName(at))
        for (const model of changedModels(stage)) {
          const file = checkpointFile(this.context.artefact.manifest, model)
          await this.context.weights.replace(model, `${directory}/${file}`)
        }
        await this.context.weights.average(stage, `${directory}/optimizer.safetensors`)
        const changed = new Set(
          [...trainedOf(stage), ...statesOf(stage)].map(({ model, path }) => `${model}/${path}`),
        )
        await this.evaluations(stage.name, ({ reads }) => reads.some((name) => changed.has(name)))
        if (stage.name === this.options.stage) break
      }
      await this.startEvaluations()
    } catch (error) {
      // thrown between batches of an evaluation, or while it was awaited from another run
      if (this.context.signal?.aborted && error === this.context.signal.reason) return this.stopped(at)
      throw error
    }
    const exported = await this.exports()
    emit({ kind: 'done', directory: this.folder.directory, random: this.context.random })
    return {
      status: 'done',
      directory: this.folder.directory,
      evaluations: this.folder.evaluations,
      exported,
    }
  }

  /** Trains a stage to its end, or gives the step at which it was told to stop. */
  private async train(run: StageRun): Promise<number | null> {
    const { stage, steps, from } = run
    const { emit, artefact, seed } = this.context
    emit({ kind: 'stage', stage: stage.name, from: from?.step ?? 0, steps, rows: rowsPerStep(stage) })
    const begun = (): Promise<void> => this.startEvaluations()
    const save: StageHooks['save'] = async (step, beside) => {
      this.folder.flush()
      const place = { stage: stage.name, step }
      const before = this.stages.slice(
        0,
        this.stages.findIndex((s) => s.stage === stage),
      )
      const previous = before.map((s) => ({ stage: s.stage.name, step: s.steps }))
      const state = { manifest: artefact.manifest.hash, seed, ...place, ...beside, previous }
      const directory = await saveCheckpoint(this.folder, state, (folder) =>
        writeState(folder, stage, this.context),
      )
      emit({ kind: 'checkpoint', ...place, directory })
    }
    const end = await trainStage(run, this.context, { begun, save })
    if (end.kind === 'not-finite') {
      const { kept, step, what, value } = end
      const checkpoint =
        kept === null ? null : this.folder.path(checkpointName({ stage: stage.name, step: kept }))
      throw new UserError(notFinite(this.span, { stage: stage.name, step, what, value, kept: checkpoint }))
    }
    return end.kind === 'stopped' ? end.step : null
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
      if (!applies(spec) || table[moment]?.[spec.name]) continue
      const measured = async (): Promise<Readonly<Record<string, Json>>> =>
        evaluate(spec, {
          ...this.context,
          files: artefact.files,
          measure: this.options.measure ?? ((e, input) => this.measure(e.kind, input)),
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
      emit({ kind: 'evaluated', moment, evaluation: spec.name, metrics })
    }
  }

  private measure(kind: string, input: Parameters<Measure>[1]): Promise<Readonly<Record<string, Json>>> {
    return this.context.thread.call('measure', [kind, input])
  }

  private async exports(): Promise<Record<string, string>> {
    const { artefact, weights, emit } = this.context
    const exported = emptyTable<string>()
    for (const spec of artefact.manifest.exports) {
      const folder = this.folder.path('export', spec.name)
      await writeExport(spec, artefact, weights, { root: this.options.root ?? process.cwd(), folder })
      exported[spec.name] = folder
      emit({ kind: 'exported', name: spec.name, folder })
    }
    return exported
  }

  private stopped(at: { stage: string; step: number } | null): RunResult {
    const { directory } = this.folder
    this.context.emit({ kind: 'stopped', directory, stage: at?.stage ?? null, step: at?.step ?? 0 })
    return { status: 'stopped', directory, at }
  }
}

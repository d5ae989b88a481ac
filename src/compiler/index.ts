import type { Diagnostic, Span } from '../diagnostics/diagnostic.js'
import { Lines } from '../diagnostics/positions.js'
import type { FlatPipeline } from './2-resolve/flatten.js'
import type { Program } from './2-resolve/program.js'
import { type Lowered, type LoweredCase, type LoweredEvaluation, withGraphs } from './4-lower/lowered.js'
import { dropMarkers, expandGradients } from './6-differentiate/expand.js'
import type { Target } from './passes/pass.js'
import { optimizeEvaluation, optimizeFunction } from './7-optimize/stage.js'
import { type EmittedEvaluation, buildManifest, emitEvaluation } from './9-emit/artefact.js'
import { type ExportFile, exportFile } from './9-emit/export-file.js'
import type { EmitContext } from './9-emit/graph-file.js'
import type { DataSpec } from '../artefact/data.js'
import type { Settings } from '../artefact/json.js'
import type { Artefact } from '../artefact/manifest.js'
import type { ModelSpec } from '../artefact/models.js'
import { type Analysis, type Request, analyze } from './analyze.js'
import { type BuiltStage, buildStage } from './build-stage.js'
import { editHint } from './edit-hint.js'
import { type ConversionPlan, planConversions } from './plan/conversions.js'
import { type StagePlan, planStages } from './plan/report.js'
import { version } from './version.js'

export { type Analysis, type Request, analyze }

const target: Target = 'cpu'

export interface Compilation {
  readonly diagnostics: readonly Diagnostic[]
  /** Absent when there are errors. */
  readonly artefact?: Artefact
}

/** All phases: from source to the graphs and the manifest that the runner takes. */
export const compile = (request: Request): Compilation => compileAnalysed(analyze(request))

/** The phases after those that `analyze` went through. */
export function compileAnalysed(analysis: Analysis): Compilation {
  const emitted = emitAll(analysis)
  if (!emitted) return { diagnostics: analysis.diagnostics }
  const { pipeline, lowered, evaluations, functions, diagnostics } = emitted
  const stages = emitted.stages.map((s) => s.emitted)
  const editable = editHint(analysis.program, pipeline)
  const artefact = buildManifest(lowered, stages, evaluations, functions, {
    version,
    target,
    editHint: editable,
  })
  return { diagnostics, artefact }
}

/** What an evaluation measures, and with which settings: once, or once per case of its `for`. */
export interface PlannedEvaluation extends Pick<LoweredEvaluation, 'name' | 'kind'> {
  readonly cases: readonly Pick<LoweredCase, 'name' | 'settings'>[]
}

export interface Planning {
  readonly diagnostics: readonly Diagnostic[]
  /** Absent when there are errors. */
  readonly plan?: {
    readonly pipeline: string
    readonly seed: number
    /** What decides results besides the stages, defaults included. */
    readonly params: Settings
    readonly data: readonly Pick<DataSpec, 'name' | 'source' | 'arguments'>[]
    readonly evaluations: readonly PlannedEvaluation[]
    readonly conversions: readonly ConversionPlan[]
    readonly stages: readonly StagePlan[]
  }
  /** The models, to look at their files; absent when there are errors. */
  readonly models?: readonly ModelSpec[]
}

/** What each stage trains and what a step costs, from the graphs as they would be emitted. */
export const plan = (request: Request): Planning => planAnalysed(analyze(request))

/** The same after `analyze`. */
export function planAnalysed(analysis: Analysis): Planning {
  const emitted = emitStages(analysis)
  if (!emitted) return { diagnostics: analysis.diagnostics }
  const { pipeline, lowered, stages, diagnostics } = emitted
  return {
    diagnostics,
    plan: {
      pipeline: pipeline.name,
      seed: lowered.seed,
      params: lowered.params,
      data: lowered.data.map(({ name, source, arguments: given }) => ({ name, source, arguments: given })),
      evaluations: lowered.evaluations.map(({ name, kind, cases }) => ({
        name,
        kind,
        cases: cases.map(({ name: of, settings }) => ({ name: of, settings })),
      })),
      conversions: planConversions(lowered, stages),
      stages: planStages(lowered, stages),
    },
    models: lowered.models,
  }
}

interface EmittedStages {
  readonly pipeline: FlatPipeline
  readonly lowered: Lowered
  readonly stages: readonly BuiltStage[]
  readonly diagnostics: readonly Diagnostic[]
  readonly context: EmitContext
}

interface Emitted extends EmittedStages {
  readonly evaluations: readonly EmittedEvaluation[]
  readonly functions: readonly ExportFile[]
}

/** Who plans a pipeline often compiles it next. */
const known = new WeakMap<Lowered, EmittedStages>()

/** Phases 5 to 9 of the stages, up to the files. */
function emitStages({ program, pipeline, lowered, diagnostics }: Analysis): EmittedStages | undefined {
  if (!pipeline || !lowered) return undefined
  const before = known.get(lowered)
  if (before) return before
  const context = { version, locate: locator(program) }
  const stages = lowered.stages.map((stage) => buildStage(stage, target, context))
  const emitted = {
    pipeline,
    lowered: { ...lowered, stages: stages.map((s) => s.emitted.lowered) },
    stages,
    diagnostics: [...diagnostics, ...stages.flatMap((s) => s.diagnostics)],
    context,
  }
  known.set(lowered, emitted)
  return emitted
}

/** Phases 5 to 9, up to the files. */
function emitAll(analysis: Analysis): Emitted | undefined {
  const emitted = emitStages(analysis)
  if (!emitted) return undefined
  const { lowered, context } = emitted
  return {
    ...emitted,
    evaluations: lowered.evaluations.map((evaluation) =>
      emitEvaluation(optimizeEvaluation(expandEvaluation(evaluation), { target }), context),
    ),
    functions: lowered.exports.flatMap((e) => {
      if (e.kind !== 'function') return []
      const plain = e.graphs.map(({ rows, graph }) => ({ rows, graph: dropMarkers(expandGradients(graph)) }))
      const optimized = plain.map(({ rows, graph }) => ({ rows, graph: optimizeFunction(graph, { target }) }))
      return [exportFile(e.name, optimized, plain, context)]
    }),
  }
}

/** `file:line:column` of places in the program; the many nodes of one call have one place. */
function locator({ files }: Program): (span: Span) => string {
  const lines = new Map([...files].map(([path, { text }]) => [path, new Lines(text)]))
  const known = new Map<Span, string>()
  return (span) => {
    const { file, start } = span
    const before = known.get(span)
    if (before !== undefined) return before
    const { line, column } = lines.get(file)?.positionOf(start) ?? { line: 1, column: 1 }
    const place = `${file}:${line}:${column}`
    known.set(span, place)
    return place
  }
}

const expandEvaluation = (evaluation: LoweredEvaluation): LoweredEvaluation =>
  withGraphs(evaluation, (graph) => dropMarkers(expandGradients(graph)))

import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { locator } from './2-resolve/locator.js'
import type { Lowered, LoweredCase, LoweredEvaluation } from './4-lower/lowered.js'
import { buildManifest, emitEvaluation, emitStage } from './9-emit/artefact.js'
import { exportFile } from './9-emit/export-file.js'
import type { DataSpec } from '../artefact/data.js'
import type { Settings } from '../artefact/json.js'
import type { Artefact } from '../artefact/manifest.js'
import type { ModelSpec } from '../artefact/models.js'
import { type Analysis, type Request, analyze } from './analyze.js'
import { buildEvaluation, buildFunction } from './build-evaluation.js'
import { type BuiltStage, buildStage } from './build-stage.js'
import { editHint } from './edit-hint.js'
import { type ConversionPlan, planConversions } from './plan/conversions.js'
import { type StagePlan, planStages } from './plan/report.js'
import { version } from './version.js'

export { type Analysis, type Request, analyze }

export interface Compilation {
  readonly diagnostics: readonly Diagnostic[]
  /** Absent when there are errors. */
  readonly artefact?: Artefact
}

/** All phases: from source to the graphs and the manifest that the runner takes. */
export const compile = (request: Request): Compilation => compileAnalysed(analyze(request))

/** The phases after those that `analyze` went through. */
export function compileAnalysed(analysis: Analysis): Compilation {
  const { target, program, pipeline, lowered } = analysis
  const stages = buildStages(analysis)
  if (!pipeline || !lowered || !stages) return { diagnostics: analysis.diagnostics }
  const evaluations = lowered.evaluations.map((e) => buildEvaluation(e, target))
  const functions = lowered.exports.flatMap((e) => (e.kind === 'function' ? [buildFunction(e, target)] : []))
  const built = [...stages, ...evaluations, ...functions].flatMap((b) => b.diagnostics)
  const diagnostics = [...analysis.diagnostics, ...built]
  if (built.some(isError)) return { diagnostics }
  const context = { version, locate: locator(program) }
  const artefact = buildManifest(
    withChoices(lowered, stages),
    stages.map((s) => emitStage(s, context)),
    evaluations.map((e) => emitEvaluation(e.scheduled, context)),
    functions.map(({ open, scheduled }) => exportFile(open, scheduled.graph, context)),
    { version, target: target.name, editHint: editHint(program, pipeline) },
  )
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
    readonly data: readonly Pick<DataSpec, 'name' | 'parts' | 'weights'>[]
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
  const { target, pipeline, lowered } = analysis
  const stages = buildStages(analysis)
  if (!pipeline || !lowered || !stages) return { diagnostics: analysis.diagnostics }
  const built = stages.flatMap((s) => s.diagnostics)
  const diagnostics = [...analysis.diagnostics, ...built]
  if (built.some(isError)) return { diagnostics }
  return {
    diagnostics,
    plan: {
      pipeline: pipeline.name,
      seed: lowered.seed,
      params: lowered.params,
      data: lowered.data.map(({ name, parts, weights }) => ({ name, parts, weights })),
      evaluations: lowered.evaluations.map(({ name, kind, cases }) => ({
        name,
        kind,
        cases: cases.map(({ name: of, settings }) => ({ name: of, settings })),
      })),
      conversions: planConversions(lowered, stages, target),
      stages: planStages(lowered, stages, target),
    },
    models: lowered.models,
  }
}

const isError = ({ severity }: Diagnostic): boolean => severity === 'error'

/** Who plans a pipeline often compiles it next. */
const known = new WeakMap<Lowered, readonly BuiltStage[]>()

/** Phases 5 to 8 of the stages. */
function buildStages({ target, lowered }: Analysis): readonly BuiltStage[] | undefined {
  if (!lowered) return undefined
  const stages = known.get(lowered) ?? lowered.stages.map((stage) => buildStage(stage, target))
  known.set(lowered, stages)
  return stages
}

/** With how pairs are computed, where a budget of memory decides it. */
const withChoices = (lowered: Lowered, stages: readonly BuiltStage[]): Lowered => ({
  ...lowered,
  stages: stages.map((s) => s.lowered),
})

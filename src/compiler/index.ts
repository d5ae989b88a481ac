import type { Diagnostic } from '../diagnostics/diagnostic.js'
import type { Lowered, LoweredCase, LoweredEvaluation } from './4-lower/lowered.js'
import { buildManifest, emitEvaluation, emitStage } from './9-emit/artefact.js'
import { exportFile } from './9-emit/export-file.js'
import type { DataSpec } from '../artefact/data.js'
import type { Settings } from '../artefact/json.js'
import type { Artefact } from '../artefact/manifest.js'
import type { ModelSpec } from '../artefact/models.js'
import { type Analysis, type Request, analyze } from './analyze.js'
import type { BuiltStage } from './build-stage.js'
import { Builds } from './builds.js'
import { declarations } from './declarations.js'
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
  if (!pipeline || !lowered) return { diagnostics: analysis.diagnostics }
  const builds = Builds.of(program, target)
  const stages = lowered.stages.map((stage) => builds.stage(stage))
  const evaluations = lowered.evaluations.map((e) => builds.evaluation(e))
  const functions = lowered.exports.flatMap((e) => (e.kind === 'function' ? [builds.function(e)] : []))
  const built = [...stages, ...evaluations, ...functions].flatMap((b) => b.diagnostics)
  const diagnostics = [...analysis.diagnostics, ...built]
  if (built.some(isError)) return { diagnostics }
  const { context } = builds
  const artefact = buildManifest(
    withChoices(lowered, stages),
    stages.map((s) => emitStage(s, context)),
    evaluations.map((e) => emitEvaluation(e.scheduled, context)),
    functions.map(({ open, scheduled }) => exportFile(open, scheduled.graph, context)),
    {
      version,
      target: target.name,
      editHint: editHint(program, pipeline),
      declared: declarations(program, pipeline),
    },
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
  const { target, program, pipeline, lowered } = analysis
  if (!pipeline || !lowered) return { diagnostics: analysis.diagnostics }
  const builds = Builds.of(program, target)
  const stages = lowered.stages.map((stage) => builds.stage(stage))
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

/** With how pairs are computed, where a budget of memory decides it. */
const withChoices = (lowered: Lowered, stages: readonly BuiltStage[]): Lowered => ({
  ...lowered,
  stages: stages.map((s) => s.lowered),
})

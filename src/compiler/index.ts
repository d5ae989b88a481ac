import type { Diagnostic, Span } from '../diagnostics/diagnostic.js'
import { Lines } from '../diagnostics/positions.js'
import type { FlatPipeline } from './2-resolve/flatten.js'
import type { Lowered, LoweredEvaluation } from './4-lower/lowered.js'
import { dropMarkers, expandGradients } from './5-differentiate/expand.js'
import { differentiate } from './5-differentiate/step.js'
import { optimizeForward } from './6-optimize/index.js'
import type { Target } from './6-optimize/pass.js'
import { optimizeEvaluation, optimizeStage } from './6-optimize/stage.js'
import {
  type EmittedEvaluation,
  type EmittedStage,
  buildManifest,
  emitEvaluation,
  emitStage,
} from './7-emit/artefact.js'
import type { Artefact } from './7-emit/manifest.js'
import { type Analysis, type Request, analyze } from './analyze.js'
import { editHint } from './edit-hint.js'
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
  const { pipeline, lowered, stages, evaluations } = emitted
  const editable = editHint(analysis.program, pipeline)
  const artefact = buildManifest(lowered, stages, evaluations, { version, target, editHint: editable })
  return { diagnostics: analysis.diagnostics, artefact }
}

export interface Planning {
  readonly diagnostics: readonly Diagnostic[]
  /** Absent when there are errors. */
  readonly plan?: { readonly pipeline: string; readonly stages: readonly StagePlan[] }
}

/** What each stage trains and what a step costs, from the graphs as they would be emitted. */
export function plan(request: Request): Planning {
  const analysis = analyze(request)
  const emitted = emitAll(
    analysis.lowered ? { ...analysis, lowered: { ...analysis.lowered, evaluations: [] } } : analysis,
  )
  if (!emitted) return { diagnostics: analysis.diagnostics }
  const { pipeline, lowered, stages } = emitted
  return {
    diagnostics: analysis.diagnostics,
    plan: { pipeline: pipeline.name, stages: planStages(lowered, stages) },
  }
}

interface Emitted {
  readonly pipeline: FlatPipeline
  readonly lowered: Lowered
  readonly stages: readonly EmittedStage[]
  readonly evaluations: readonly EmittedEvaluation[]
}

/** Phases 5 to 7, up to the files. */
function emitAll({ program, pipeline, lowered }: Analysis): Emitted | undefined {
  if (!pipeline || !lowered) return undefined
  const lines = new Map([...program.files].map(([path, { text }]) => [path, new Lines(text)]))
  const locate = ({ file, start }: Span): string => {
    const { line, column } = lines.get(file)?.positionOf(start) ?? { line: 1, column: 1 }
    return `${file}:${line}:${column}`
  }
  const context = { version, locate }
  return {
    pipeline,
    lowered,
    stages: lowered.stages.map((stage) => {
      const { graph } = optimizeForward(stage.graph, { target })
      return emitStage(stage, optimizeStage(differentiate({ ...stage, graph }), { target }), context)
    }),
    evaluations: lowered.evaluations.map((evaluation) =>
      emitEvaluation(optimizeEvaluation(expandEvaluation(evaluation), { target }), context),
    ),
  }
}

function expandEvaluation(evaluation: LoweredEvaluation): LoweredEvaluation {
  const parts = evaluation.parts.map((part) => ({
    ...part,
    graph: dropMarkers(expandGradients(part.graph)),
  }))
  return { ...evaluation, parts }
}

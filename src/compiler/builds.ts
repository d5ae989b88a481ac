import type { Target } from '../targets/target.js'
import { locator } from './2-resolve/locator.js'
import type { Program } from './2-resolve/program.js'
import type { LoweredEvaluation, LoweredExport, LoweredStage } from './4-lower/lowered.js'
import type { EmitContext } from './9-emit/graph-file.js'
import {
  type BuiltEvaluation,
  type BuiltFunction,
  buildEvaluation,
  buildFunction,
} from './build-evaluation.js'
import { evaluationBuildKey, functionBuildKey, stageBuildKey } from './build-key.js'
import { type BuiltStage, buildStage } from './build-stage.js'
import { version } from './version.js'

/**
 * Phases 5 to 9 of the pipelines of one program, each thing once: who plans a pipeline often compiles it next, and the
 * variants of an ablation have most of what they compute in common.
 */
export class Builds {
  private static readonly known = new WeakMap<Program, Map<Target, Builds>>()

  private readonly stages = new Map<string, BuiltStage>()
  private readonly evaluations = new Map<string, BuiltEvaluation>()
  private readonly functions = new Map<string, BuiltFunction>()

  private constructor(
    private readonly target: Target,
    readonly context: EmitContext,
  ) {}

  static of(program: Program, target: Target): Builds {
    const targets = this.known.get(program) ?? new Map<Target, Builds>()
    this.known.set(program, targets)
    return made(targets, target, () => {
      const context = { version, locate: locator(program), written: new WeakMap() }
      return new Builds(target, context)
    })
  }

  stage(stage: LoweredStage): BuiltStage {
    const built = made(this.stages, stageBuildKey(stage), () => buildStage(stage, this.target))
    return ofStage(built, stage)
  }

  evaluation(evaluation: LoweredEvaluation): BuiltEvaluation {
    const key = evaluationBuildKey(evaluation)
    const built = made(this.evaluations, key, () => buildEvaluation(evaluation, this.target))
    return ofEvaluation(built, evaluation)
  }

  function(given: Extract<LoweredExport, { readonly kind: 'function' }>): BuiltFunction {
    return made(this.functions, functionBuildKey(given), () => buildFunction(given, this.target))
  }
}

function made<K, T>(known: Map<K, T>, key: K, make: () => T): T {
  const value = known.get(key) ?? make()
  known.set(key, value)
  return value
}

/** What was built of a stage with the same graphs, as that of this one. */
function ofStage(built: BuiltStage, stage: LoweredStage): BuiltStage {
  const updates = built.updates.map((update, k) => {
    const { lowered } = update.scheduled
    return {
      ...update,
      scheduled: { ...update.scheduled, lowered: { ...lowered, groups: stage.updates[k]?.groups ?? [] } },
    }
  })
  const lowered = { ...stage, updates: updates.map(({ scheduled }) => scheduled.lowered) }
  return { ...built, lowered, updates }
}

/** What was built of an evaluation with the same graphs, as that of this one. */
function ofEvaluation(
  { scheduled, diagnostics }: BuiltEvaluation,
  evaluation: LoweredEvaluation,
): BuiltEvaluation {
  const cases = evaluation.cases.map((one, i) => ({
    ...one,
    parts: one.parts.map((part, k) => ({
      ...part,
      graph: scheduled.lowered.cases[i]?.parts[k]?.graph ?? part.graph,
    })),
  }))
  return { scheduled: { ...scheduled, lowered: { ...evaluation, cases } }, diagnostics }
}

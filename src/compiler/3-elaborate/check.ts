import { type Diagnostics, UserError } from '../../diagnostics/diagnostic.js'
import type { FlatPipeline } from '../2-resolve/flatten.js'
import type { Program } from '../2-resolve/program.js'
import { Environment } from './environment.js'
import { evaluate } from './evaluate.js'
import { rules } from './rules/index.js'
import { Scope } from './scope.js'
import { Statics } from './statics.js'

/** A pipeline whose params, data sets and models are of the right types. */
export interface CheckedPipeline {
  readonly pipeline: FlatPipeline
  readonly statics: Statics
}

/** Evaluates params, data sets and models, reporting each mistake. */
export function checkStatics(
  program: Program,
  pipeline: FlatPipeline,
  settings: ReadonlyMap<string, string>,
  diagnostics: Diagnostics,
): CheckedPipeline {
  const statics = new Statics(pipeline, new Scope(program), settings)
  statics.checkAll(diagnostics)
  for (const d of statics.files.mistakes.told.all) diagnostics.add(d)
  return { pipeline, statics }
}

/**
 * Evaluates the values that nothing has evaluated without a mistake so far, reporting each mistake, then runs the
 * rules. After lowering those are the values that no stage and no evaluation reaches, and those at fault; where nothing
 * could be lowered, what stages minimize and monitor is evaluated too.
 */
export function checkValues(
  program: Program,
  { pipeline, statics }: CheckedPipeline,
  isLowered: boolean,
  diagnostics: Diagnostics,
): void {
  const { scope, anyFacts } = statics
  const attempt = (run: () => unknown): void => {
    try {
      scope.elaboration.during(anyFacts, run)
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      diagnostics.add(error.diagnostic)
    }
  }
  for (const [name, { item, file }] of pipeline.items) {
    if ((item.kind !== 'let' && item.kind !== 'loss') || statics.evaluated.has(item)) continue
    attempt(() => scope.environment(file).get(name))
  }
  for (const [name, { item }] of pipeline.nexts)
    if (!statics.evaluated.has(item)) attempt(() => scope.next(name))
  for (const { clauses } of isLowered ? [] : pipeline.stages) {
    for (const { clause, file } of clauses) {
      if (clause.kind !== 'monitor' && !(clause.kind === 'clause' && clause.name.text === 'minimize'))
        continue
      attempt(() => evaluate(scope.elaboration, clause.value, new Environment(scope.environment(file))))
    }
  }
  for (const d of statics.files.mistakes.told.all) diagnostics.add(d)
  // What is wrong leaves names unused; that is no news of its own.
  if (diagnostics.hasErrors) return
  for (const rule of rules) rule({ program, pipeline, statics }, diagnostics)
}

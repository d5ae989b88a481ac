import { evaluationKinds } from './all.generated.js'
import type { EvaluationKind } from './kind.js'

/** The kind of a name, as `evaluate x = name(...)` calls it. */
export const findEvaluationKind = (name: string): EvaluationKind | undefined =>
  evaluationKinds.find((kind) => kind.name === name)

export { evaluationKinds }

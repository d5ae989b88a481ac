import type { EvaluationSpec } from './evaluations.js'
import type { GraphSpec } from './graphs.js'
import type { Manifest } from './manifest.js'
import { graphsOfStage } from './stage-parts.js'

const partsOf = ({ cases }: EvaluationSpec) => cases.flatMap(({ parts }) => parts)

/** The graphs of an evaluation, of all its cases. */
export const graphsOfEvaluation = (evaluation: EvaluationSpec): readonly GraphSpec[] =>
  partsOf(evaluation).map(({ graph }) => graph)

/** All graphs that a run may open, exports left out. */
export const graphsOf = ({ stages, evaluations }: Manifest): readonly GraphSpec[] => [
  ...stages.flatMap(graphsOfStage),
  ...evaluations.flatMap(graphsOfEvaluation),
]

const readBy = ({ inputs }: GraphSpec): readonly string[] =>
  inputs.flatMap(({ role }) => (role.kind === 'batch' ? [role.data] : []))

/** The data sets whose rows an evaluation goes through or takes batches of. */
export const dataOfEvaluation = (evaluation: EvaluationSpec): ReadonlySet<string> =>
  new Set(
    partsOf(evaluation).flatMap(({ data, graph }) => [...(data === null ? [] : [data]), ...readBy(graph)]),
  )

/** All data sets of which a run may read rows. */
export const dataOf = (manifest: Manifest): ReadonlySet<string> =>
  new Set([
    ...graphsOf(manifest).flatMap(readBy),
    ...manifest.evaluations.flatMap((evaluation) => [...dataOfEvaluation(evaluation)]),
  ])

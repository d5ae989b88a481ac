import { Builder } from '../graph/builder.js'
import { contentHash } from '../graph/hash.js'
import type { TensorType } from '../graph/types.js'
import { canonical } from '../json/canonical.js'
import type { LoweredEvaluation, LoweredExport, LoweredStage, LoweredUpdate } from './4-lower/lowered.js'
import { groupOptimizer } from './6-differentiate/update.js'

/**
 * What phases 5 to 8 read of a stage: all of its updates, but that of an optimizer's settings they read what it makes
 * of them. A rate of learning is fed by the runner, and stages that differ by it alone have the same graphs.
 */
export const stageBuildKey = ({ updates }: LoweredStage): string =>
  canonical(
    updates.map(({ graph, groups, ...rest }) => ({
      ...rest,
      graph: contentHash(graph),
      optimizers: groups.map((group, k) => optimizerGraphs(group, typesOf(rest.trained, k))),
    })),
  )

/** What they read of an evaluation: not what is made of its results. */
export const evaluationBuildKey = ({ span, cases }: LoweredEvaluation): string =>
  canonical({ span, graphs: cases.map(({ parts }) => parts.map(({ graph }) => contentHash(graph))) })

export const functionBuildKey = ({
  graphs,
  ...rest
}: Extract<LoweredExport, { readonly kind: 'function' }>): string =>
  canonical({ ...rest, graphs: graphs.map(({ rows, graph }) => ({ rows, graph: contentHash(graph) })) })

/** The types of the parameters of a group, each once. */
const typesOf = (trained: LoweredUpdate['trained'], index: number): readonly TensorType[] => [
  ...new Map(
    trained.flatMap(({ dtype, shape, group }): [string, TensorType][] =>
      group === index ? [[`${dtype} ${shape.join()}`, { dtype, shape }]] : [],
    ),
  ).values(),
]

/** The update of one parameter of each type, as the optimizer of a group writes it. */
function optimizerGraphs(group: LoweredUpdate['groups'][number], types: readonly TensorType[]): object {
  const { optimizer, settings } = groupOptimizer(group)
  const slots = optimizer.slots(settings)
  const hyper = Object.keys(optimizer.hyper(settings, 1, 1))
  const graphs = types.map((type) => {
    const b = new Builder()
    const next = optimizer.update(b, {
      parameter: b.input('parameter', type),
      gradient: b.input('gradient', type),
      settings,
      slots: Object.fromEntries(slots.map((slot) => [slot, b.input(`slot ${slot}`, type)])),
      hyper: Object.fromEntries(
        hyper.map((name) => [name, b.input(`hyper ${name}`, { dtype: 'f32', shape: [] })]),
      ),
    })
    const made = Object.entries({ parameter: next.parameter, ...next.slots })
    return contentHash(
      b.finish(
        optimizer.name,
        made.map(([name, value]) => ({ name, value })),
      ),
    )
  })
  return { name: optimizer.name, slots, hyper, graphs }
}

import type { Graph } from '../../graph/graph.js'
import { parametersOf } from '../../graph/parameters.js'
import { type Lowered, partsOf } from './lowered.js'

/** The models of which a graph reads a parameter, that are exported, or that have an adapter. */
export function readModels({
  stages,
  evaluations,
  exports,
  adapters,
}: Pick<Lowered, 'stages' | 'evaluations' | 'exports' | 'adapters'>): ReadonlySet<string> {
  const graphs: readonly Graph[] = [
    ...stages.flatMap(({ updates }) => updates.map(({ graph }) => graph)),
    ...evaluations.flatMap(partsOf).map(({ graph }) => graph),
    ...exports.flatMap((e) => (e.kind === 'function' ? e.graphs.map(({ graph }) => graph) : [])),
  ]
  return new Set([
    ...graphs.flatMap((graph) => [...parametersOf(graph)].map(({ source: { model } }) => model)),
    ...exports.map(({ name }) => name),
    ...adapters.map(({ model }) => model),
  ])
}

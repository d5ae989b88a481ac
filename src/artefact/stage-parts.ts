import type { GraphSpec } from './graphs.js'
import type { StageSpec, UpdateSpec } from './stages.js'

interface Place {
  readonly model: string
  readonly path: string
}

/** The parameters that a stage trains, each once. */
export const trainedOf = ({ updates }: StageSpec): readonly UpdateSpec['trained'][number][] =>
  distinct(updates.flatMap(({ trained }) => trained))

/** The states to which a stage gives next values, each once. */
export const statesOf = ({ updates }: StageSpec): readonly UpdateSpec['states'][number][] =>
  distinct(updates.flatMap(({ states }) => states))

/** The graphs of a stage. */
export const graphsOfStage = ({ updates }: StageSpec): readonly GraphSpec[] =>
  updates.flatMap(({ graphs, features = [] }) => [
    ...Object.values(graphs).filter((one) => one !== null),
    ...features,
  ])

function distinct<T extends Place>(places: readonly T[]): readonly T[] {
  return [...new Map(places.map((place) => [`${place.model}/${place.path}`, place])).values()]
}

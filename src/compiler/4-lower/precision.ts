import { narrowTrained } from '../../diagnostics/catalogue/model.js'
import type { Graph, Value } from '../../graph/graph.js'
import { rewrite } from '../../graph/rewrite.js'
import type { NarrowFloat } from '../../graph/types.js'
import type { ParameterPath } from '../1-parse/syntax.js'
import { type Elaboration, fail } from '../3-elaborate/elaboration.js'
import type { PlacedWeight } from '../3-elaborate/facts.js'

/** Trained weights are f32: refuses one whose model is rounded once. */
export function checkNotNarrow(x: Elaboration, { model, path }: PlacedWeight, at: ParameterPath): void {
  const narrow = x.narrow.get(model)
  if (!narrow) return
  const adapter = at.root.text === model ? undefined : at.root.text
  const facts = { path: `${model}.${path}`, model, as: narrow.type, declared: narrow.span, adapter }
  fail(narrowTrained(at.span, facts))
}

/** The models of which something is trained, by itself or through an adapter, and the adapters beside their weights. */
export function trainedModels(x: Elaboration, trained: readonly PlacedWeight[]): ReadonlySet<string> {
  const adapters = new Map([...x.adapted.values()].map(({ adapter }) => [adapter.name, adapter.model]))
  const models = new Set(trained.map(({ model }) => adapters.get(model) ?? model))
  return new Set([...models, ...[...adapters].flatMap(([name, model]) => (models.has(model) ? [name] : []))])
}

/**
 * The graph of a stage with `precision T`: it reads the weights of these models rounded to T, but for those that `as`
 * rounds already, and states. Of trained ones the step keeps f32 masters.
 */
export function withPrecision(
  graph: Graph,
  as: NarrowFloat,
  models: ReadonlySet<string>,
  isState: (model: string, path: string) => boolean,
): Graph {
  const rounded = new Map<string, Value>()
  return rewrite(graph, {
    leaf({ source, type }, b) {
      if (source.kind !== 'parameter' || source.as || type.dtype !== 'f32') return undefined
      const { model, path } = source
      if (!models.has(model) || isState(model, path)) return undefined
      const key = `${model}/${path}`
      const value = rounded.get(key) ?? b.parameter(model, path, type, as)
      rounded.set(key, value)
      return value
    },
  })
}

import { type FlatStage, allClauses } from '../2-resolve/flat-stage.js'
import type { FlatPipeline } from '../2-resolve/flatten.js'
import type { Adapter } from '../3-elaborate/adapter.js'
import type { AdapterState } from '../3-elaborate/facts.js'
import type { AdapterSpec, ModelSpec } from '../../artefact/models.js'

/**
 * The adapters that stand beside weights in a stage (or at the end): each is attached at the first stage that trains
 * it, or from the start where it is read from a folder, and stays.
 */
export function attached(pipeline: FlatPipeline, at?: FlatStage): ReadonlyMap<string, AdapterState> {
  const states = new Map<string, AdapterState>()
  for (const { item } of pipeline.items.values())
    if (item.kind === 'adapter' && item.from) states.set(item.name.text, 'attached')
  for (const stage of pipeline.stages) {
    for (const name of states.keys()) states.set(name, 'attached')
    for (const { clause } of allClauses(stage)) {
      if (clause.kind !== 'train') continue
      for (const { path } of clause.groups)
        if (pipeline.items.get(path.root.text)?.item.kind === 'adapter') states.set(path.root.text, 'trained')
    }
    if (stage === at) break
  }
  return states
}

/** The factors of an adapter, which are kept like a model of its name. */
export const factorsOf = ({ name, from, layers }: Adapter): ModelSpec => ({
  name,
  from,
  as: null,
  ignore: [],
  config: null,
  files: [],
  parameters: layers
    .flatMap(({ a, b }) => [a, b])
    .map(({ path, weight: { type, init } }) => ({
      path,
      dtype: type.dtype,
      shape: [...type.shape],
      init,
    })),
})

export const specOf = (adapter: Adapter): AdapterSpec => {
  const { name, model, rank, alpha, dropout, layers, biases, allBiases, saved } = adapter
  return {
    name,
    model,
    rank,
    alpha,
    dropout,
    layers: layers.map(({ module, weight, a, b, adapter: own }) => ({
      module,
      weight: weight.path,
      a: a.path,
      b: b.path,
      ...(own.rank === rank ? {} : { rank: own.rank }),
      ...(own.alpha === alpha ? {} : { alpha: own.alpha }),
    })),
    biases: biases.map(({ path }) => path),
    ...(allBiases ? { bias: 'all' } : {}),
    ...(saved.length > 0
      ? { saved: saved.map(({ module, weights }) => ({ module, paths: weights.map(({ path }) => path) })) }
      : {}),
  }
}

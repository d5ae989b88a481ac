import type { Manifest } from '../artefact/manifest.js'
import type { AdapterSpec, ModelSpec } from '../artefact/models.js'
import type { Weights } from './weights.js'

type Layer = AdapterSpec['layers'][number]

/** The layers of a model that have an adapter, by the path of the weight. */
export function adaptedLayers(
  { adapters }: Manifest,
  { name }: ModelSpec,
): ReadonlyMap<string, { readonly adapter: AdapterSpec; readonly layer: Layer }> {
  const own = adapters.filter(({ model }) => model === name)
  return new Map(own.flatMap((adapter) => adapter.layers.map((layer) => [layer.weight, { adapter, layer }])))
}

/** W + (alpha / rank) B A, with A [rank, n] and B [m, rank] as matrices; each product is summed in float64. */
export async function mergedWeight(
  adapter: AdapterSpec,
  layer: Layer,
  weights: Pick<Weights, 'values'>,
): Promise<Float32Array> {
  const { name, model } = adapter
  const { weight, a, b, rank = adapter.rank, alpha = adapter.alpha } = layer
  const read = (from: string, path: string): Promise<Float32Array> => weights.values(from, path)
  const [w, wide, tall] = [await read(model, weight), await read(name, a), await read(name, b)]
  const [rows, width] = [tall.length / rank, wide.length / rank]
  const scale = alpha / rank
  const row = new Float64Array(width)
  for (let i = 0; i < rows; i++) {
    row.fill(0)
    for (let k = 0; k < rank; k++) {
      const factor = tall[i * rank + k] ?? NaN
      for (let j = 0; j < width; j++) row[j] = (row[j] ?? 0) + factor * (wide[k * width + j] ?? NaN)
    }
    for (let j = 0; j < width; j++) w[i * width + j] = (w[i * width + j] ?? NaN) + scale * (row[j] ?? NaN)
  }
  return w
}

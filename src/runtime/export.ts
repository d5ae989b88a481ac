import type { ModelSpec } from '../compiler/7-emit/manifest.js'
import { writeSafetensors } from './safetensors.js'
import type { Weights } from './weights.js'

/** Writes a whole model with its current weights, trained and unchanged ones. */
export async function exportModel(model: ModelSpec, weights: Weights, file: string): Promise<void> {
  const tensors = model.parameters.map(({ path, dtype, shape }) => ({
    name: path,
    dtype,
    shape,
    content: weights.parameter(model.name, path),
  }))
  await writeSafetensors(file, tensors, { format: 'pt' })
}

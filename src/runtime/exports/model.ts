import { join } from 'node:path'
import type { Manifest } from '../../artefact/manifest.js'
import type { ModelSpec } from '../../artefact/models.js'
import { adaptedLayers, mergedWeight } from '../merge.js'
import { writeSafetensors } from '../../weights/safetensors.js'
import type { Weights } from '../weights.js'
import { carryOver, weightFileOf } from './carry-over.js'

/**
 * Writes a whole model with its current weights, trained and unchanged ones, averages where they are kept; adapters
 * are merged into them. Beside the weights stand the files of the folder that the model came from, so that what loads
 * that folder loads this one.
 */
export async function exportModel(
  manifest: Manifest,
  model: ModelSpec,
  weights: Weights,
  { root, folder }: { readonly root: string; readonly folder: string },
): Promise<void> {
  const adapted = adaptedLayers(manifest, model)
  const tensors = model.parameters.map(({ path, dtype, shape }) => {
    const found = adapted.get(path)
    const content = found
      ? () => mergedWeight(found.adapter, found.layer, weights)
      : weights.measured(model.name, path)
    return { name: path, dtype, shape, content }
  })
  const carried = carryOver(model, root, folder)
  await writeSafetensors(join(folder, weightFileOf(carried)), tensors, { format: 'pt' })
}

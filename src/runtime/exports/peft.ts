import { join } from 'node:path'
import type { Json } from '../../artefact/json.js'
import type { Manifest } from '../../artefact/manifest.js'
import { type AdapterSpec, type ModelSpec, trainedBeside } from '../../artefact/models.js'
import { findPublished } from '../published.js'
import { peftFiles, peftName } from './peft-names.js'
import { peftPattern, peftTargets } from './peft-targets.js'
import { writeWhole } from '../../durable.js'
import { towerOf, withoutTower } from '../../weights/other-names.js'
import { writeSafetensors } from '../../weights/safetensors.js'
import type { Weights } from '../weights.js'

type Layer = AdapterSpec['layers'][number]

/** What peft's LoraConfig must say so that it reads the adapter as it is. */
export function peftConfig(adapter: AdapterSpec, base: ModelSpec): Json {
  const { rank, alpha, dropout, layers, biases, saved } = adapter
  const parameters = base.parameters.map(({ path }) => path)
  const pattern = (of: (layer: Layer) => number | undefined): Json => peftPattern(layers, parameters, of)
  return {
    peft_type: 'LORA',
    task_type: null,
    base_model_name_or_path: base.from === null ? null : (findPublished(base.from)?.id ?? base.from),
    inference_mode: true,
    r: rank,
    lora_alpha: alpha,
    lora_dropout: dropout,
    bias: adapter.bias ?? (biases.length > 0 ? 'lora_only' : 'none'),
    target_modules: peftTargets(
      layers.map(({ module }) => module),
      parameters,
    ),
    fan_in_fan_out: false,
    init_lora_weights: true,
    modules_to_save: saved ? saved.map(({ module }) => withoutTower(towerOf(parameters), module)) : null,
    rank_pattern: pattern((layer) => layer.rank),
    alpha_pattern: pattern((layer) => layer.alpha),
    use_dora: false,
    use_rslora: false,
  }
}

export function writePeftConfig({ adapters, models }: Manifest, name: string, folder: string): void {
  const adapter = adapters.find((a) => a.name === name)
  const base = models.find((m) => m.name === adapter?.model)
  if (!adapter || !base) throw new Error(`no adapter ${name}`)
  writeWhole(join(folder, peftFiles.config), `${JSON.stringify(peftConfig(adapter, base), null, 2)}\n`)
}

/**
 * Writes an adapter alone, as peft's `save_pretrained` does: its factors and what it trains of the model. peft leaves out
 * what it finds no module for, with a warning at most, and does not rename as transformers does: in a model that is one
 * tower, each tensor stands there under the names of both generations.
 */
export async function exportAdapter(
  manifest: Manifest,
  adapter: AdapterSpec,
  weights: Weights,
  folder: string,
): Promise<void> {
  const factors = manifest.models.find((m) => m.name === adapter.name)?.parameters ?? []
  const base = manifest.models.find((m) => m.name === adapter.model)?.parameters ?? []
  const tower = towerOf(base.map(({ path }) => path))
  const beside = trainedBeside(adapter)
  const named = [
    ...factors.map(({ path, dtype, shape }) => ({
      name: path,
      dtype,
      shape,
      content: weights.measured(adapter.name, path),
    })),
    ...base
      .filter(({ path }) => beside.has(path))
      .map(({ path, dtype, shape }) => ({
        name: peftName(adapter, path),
        dtype,
        shape,
        content: weights.measured(adapter.model, path),
      })),
  ]
  const others =
    tower === '' ? [] : named.map((tensor) => ({ ...tensor, name: withoutTower(tower, tensor.name) }))
  await writeSafetensors(join(folder, peftFiles.weights), [...named, ...others], { format: 'pt' })
  writePeftConfig(manifest, adapter.name, folder)
}

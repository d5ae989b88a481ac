import type { AdapterSpec } from '../../artefact/models.js'

/** The files of a folder in which peft keeps an adapter; before version 0.6 it kept the weights as torch does. */
export const peftFiles = {
  config: 'adapter_config.json',
  weights: 'adapter_model.safetensors',
  torch: 'adapter_model.bin',
} as const

/**
 * The name under which peft keeps a parameter of the model that is trained with an adapter: a layer that is adapted stands
 * below its adapter there.
 */
export const peftName = ({ layers }: AdapterSpec, path: string): string =>
  layers.some(({ module }) => path === (module === '' ? 'bias' : `${module}.bias`))
    ? `base_model.model.${path.replace(/(^|\.)bias$/, '$1base_layer.bias')}`
    : `base_model.model.${path}`

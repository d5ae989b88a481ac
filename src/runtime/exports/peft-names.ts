/** The files of a folder in which peft keeps an adapter; before version 0.6 it kept the weights as torch does. */
export const peftFiles = {
  config: 'adapter_config.json',
  weights: 'adapter_model.safetensors',
  torch: 'adapter_model.bin',
} as const

/** The name under which peft keeps a bias of an adapted layer: the layer stands below its adapter there. */
export const peftBias = (path: string): string =>
  `base_model.model.${path.replace(/(^|\.)bias$/, '$1base_layer.bias')}`

/** The files of a folder in which peft keeps an adapter. */
export const peftFiles = { config: 'adapter_config.json', weights: 'adapter_model.safetensors' } as const

/** The name under which peft keeps a bias of an adapted layer: the layer stands below its adapter there. */
export const peftBias = (path: string): string =>
  `base_model.model.${path.replace(/(^|\.)bias$/, '$1base_layer.bias')}`

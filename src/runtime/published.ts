/** A model of the Hugging Face hub that the pipelines of this repository start from. */
export interface Published {
  readonly id: string
  /** As its card names it; null: the card names none that could be established. */
  readonly licence: string | null
}

const models: readonly Published[] = [
  { id: 'openai/clip-vit-base-patch32', licence: null },
  { id: 'openai/clip-vit-large-patch14', licence: null },
  { id: 'openai/clip-vit-large-patch14-336', licence: null },
  { id: 'facebook/metaclip-l14-fullcc2.5b', licence: null },
  { id: 'facebook/metaclip-h14-fullcc2.5b', licence: 'cc-by-nc-4.0' },
  { id: 'google/siglip-so400m-patch14-224', licence: 'apache-2.0' },
  { id: 'google/siglip-so400m-patch14-384', licence: 'apache-2.0' },
  { id: 'facebook/dinov2-base', licence: null },
  { id: 'facebook/dinov2-large', licence: null },
  { id: 'CompVis/stable-diffusion-v1-4', licence: null },
  { id: 'stable-diffusion-v1-5/stable-diffusion-v1-5', licence: 'CreativeML OpenRAIL-M' },
  { id: 'stabilityai/stable-diffusion-2-1', licence: 'CreativeML Open RAIL++-M' },
  { id: 'stabilityai/stable-diffusion-2-1-base', licence: 'CreativeML Open RAIL++-M' },
  { id: 'stabilityai/stable-diffusion-2-1-unclip-small', licence: null },
  { id: 'stabilityai/stable-diffusion-xl-base-1.0', licence: 'openrail++' },
  { id: 'amused/amused-256', licence: null },
  { id: 'black-forest-labs/FLUX.1-dev', licence: 'FLUX.1 [dev] Non-Commercial License' },
]

/** The published model that a `from` means: its id, or a folder of its name, as `weights/clip-vit-large-patch14`. */
export function findPublished(from: string): Published | undefined {
  const parts = from.split('/')
  return models.find(({ id }) => from === id || parts.includes(id.slice(id.indexOf('/') + 1)))
}

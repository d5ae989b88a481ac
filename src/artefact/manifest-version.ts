export const manifestFile = 'manifest.json'

/** Stands in every `manifest.json` of ours. */
export const manifestFormat = 'dcrc'

/** Counts up when the form of `manifest.json` changes. */
export const manifestVersion = 21

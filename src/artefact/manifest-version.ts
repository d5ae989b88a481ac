/** Counts up when the form of `manifest.json` changes. */
export const manifestVersion = 11

/** The path of a part of a model: `encoder.layers` and 3 are `encoder.layers.3`. */
export const joinPath = (path: string, name: string | number): string =>
  path === '' ? String(name) : `${path}.${name}`

/** The path of a part of a model: `encoder.layers` and 3 are `encoder.layers.3`. */
export const joinPath = (path: string, name: string | number): string =>
  path === '' ? String(name) : `${path}.${name}`

/** A parameter of a model as the language writes it: numbers, and names that are no identifiers, in brackets. */
export const writtenPath = (model: string, path: string): string =>
  model + path.split('.').map(writtenMember).join('')

/** A member behind its object: `.weight`, `[3]` or `["onnx::Conv_193"]`. */
export function writtenMember(name: string): string {
  if (/^[A-Za-z_]\w*$/.test(name)) return `.${name}`
  return /^\d+$/.test(name) ? `[${name}]` : `[${JSON.stringify(name)}]`
}

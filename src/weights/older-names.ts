// Parameters that later versions of a library renamed. Files under the older names are read as they are.

/** Of diffusers before 0.17: the one-head attention of the autoencoder, by the last parts of the path. */
const renamed: ReadonlyMap<string, string> = new Map([
  ['to_q', 'query'],
  ['to_k', 'key'],
  ['to_v', 'value'],
  ['to_out.0', 'proj_attn'],
])

/** The name that a parameter had before, if it had another. */
export function olderName(path: string): string | undefined {
  const [, head, layer, tail] = /^(.*\.)?(to_q|to_k|to_v|to_out\.0)\.(weight|bias)$/.exec(path) ?? []
  const before = layer === undefined ? undefined : renamed.get(layer)
  return before === undefined ? undefined : `${head ?? ''}${before}.${tail}`
}

/** Whether a shape is the wanted one, or has axes of size 1 behind it: such layers were convolutions of kernel 1. */
export const sameOlderShape = (shape: readonly number[], wanted: readonly number[]): boolean =>
  shape.length >= wanted.length && shape.every((d, i) => d === (wanted[i] ?? 1))

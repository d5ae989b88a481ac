// Parameters that later versions of a library renamed. Files under either name are read as they are.

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

/** Below these transformers before version 5 kept all of a tower that is a model of its own, such as CLIPTextModel. */
const towers = ['text_model.', 'vision_model.'] as const

/** What peft puts before every name of the model that it adapts. */
const peftHead = 'base_model.model.'

/** The tower below which all of these names lie; empty: none. */
export const towerOf = (names: readonly string[]): string =>
  (names.length > 0 && towers.find((tower) => names.every((name) => bare(name).startsWith(tower)))) || ''

const bare = (name: string): string => (name.startsWith(peftHead) ? name.slice(peftHead.length) : name)

/**
 * The name of a parameter between a model all of which lies below one tower and a file without it, either way round;
 * undefined where both are alike. `tower` is the model's.
 */
export function otherGeneration(
  tower: string,
  names: readonly string[],
): ((path: string) => string) | undefined {
  const there = towerOf(names)
  if ((tower === '') === (there === '')) return undefined
  return (path) => {
    const head = path.startsWith(peftHead) ? peftHead : ''
    return `${head}${there}${path.slice(head.length + tower.length)}`
  }
}

/** A name without the tower that stands in front of it, behind what peft puts there. */
export function withoutTower(tower: string, name: string): string {
  const head = name.startsWith(peftHead) ? peftHead : ''
  return name.startsWith(head + tower) ? head + name.slice(head.length + tower.length) : name
}

/** One tensor of a file: where its bytes lie, from the start of the file, row by row without gaps. */
export interface StoredTensor {
  readonly name: string
  /** An element type of ours, or of the format alone (`I16`, ...), which only its name tells. */
  readonly dtype: string
  readonly shape: readonly number[]
  readonly file: string
  readonly offset: number
  readonly length: number
}

/** A tensor whose elements lie apart or in another order, as torch keeps a transposed one; strides count elements. */
export interface StridedTensor {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  readonly file: string
  /** The byte of the first element, from the start of the file. */
  readonly start: number
  readonly strides: readonly number[]
}

export type SourceTensor = StoredTensor | StridedTensor

export const isStored = (tensor: SourceTensor): tensor is StoredTensor => !('strides' in tensor)

/** The tensors of a set of weights, which may be spread over files, by name. */
export interface WeightTable {
  /** What messages call it: the file, or the index of several. */
  readonly file: string
  readonly tensors: ReadonlyMap<string, SourceTensor>
  /** Names of tied tensors that the file leaves out, and the name under which each is there. */
  readonly aliases?: ReadonlyMap<string, string>
}

/**
 * The table with a prefix taken off the names that have it. Undefined where none has it, or where a name without it would
 * then be there twice.
 */
export function stripped({ file, tensors, aliases }: WeightTable, prefix: string): WeightTable | undefined {
  const without = (name: string): string => (name.startsWith(prefix) ? name.slice(prefix.length) : name)
  const renamed = new Map<string, SourceTensor>()
  let found = false
  for (const [name, tensor] of tensors) {
    const has = prefix !== '' && name.startsWith(prefix)
    found ||= has
    const rest = has ? name.slice(prefix.length) : name
    if (renamed.has(rest)) return undefined
    renamed.set(rest, tensor)
  }
  const tied = aliases && new Map([...aliases].map(([name, kept]) => [without(name), without(kept)]))
  return found ? { file, tensors: renamed, ...(tied ? { aliases: tied } : {}) } : undefined
}

import { createHash } from 'node:crypto'
import type { Pixels } from '../runtime/pictures/picture.js'
import type { TensorValue } from '../runtime/sources/dataset.js'

/** The identity of what a row holds: of pictures their pixels, whatever files they come from. */
export function hashOf(values: readonly (TensorValue | string | Pixels)[]): string {
  const hash = createHash('sha256')
  for (const value of values) {
    if (typeof value === 'string') hash.update(`text ${value.length}\n`).update(value)
    else if ('kind' in value) hash.update(`picture ${value.width} ${value.height}\n`).update(value.data)
    else
      hash
        .update(`numbers ${value.length}\n`)
        .update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
  }
  return hash.digest('base64')
}

/** The names of rows that are equal, each group in the order in which it was met. */
export function duplicatesOf(
  rows: readonly { readonly name: string; readonly hash: string }[],
): readonly (readonly string[])[] {
  const groups = new Map<string, string[]>()
  for (const { name, hash } of rows) {
    const group = groups.get(hash)
    if (group) group.push(name)
    else groups.set(hash, [name])
  }
  return [...groups.values()].filter((group) => group.length > 1)
}

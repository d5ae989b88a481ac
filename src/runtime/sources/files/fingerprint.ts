import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Json } from '../../../artefact/json.js'
import { naming } from '../../../faults/system-fault.js'

/** Files whose content is read: to read all would take hours at full size. */
const sampled = 32
const chunk = 64 * 1024

/** Files whose size is asked for: of a million that alone would take seconds. */
const sized = 65_536

/**
 * The identity of files: of their names, of the sizes of up to 65,536 and of the first and last 64 kB of up to 32 of them,
 * evenly spread. When they were written makes no difference, so that a copy is the same data.
 */
export function fingerprintOf(folder: string, names: readonly string[], settings: Json): string {
  const hash = createHash('sha256').update(JSON.stringify(settings))
  const every = (most: number): number => Math.max(1, Math.ceil(names.length / most))
  const [measured, read] = [every(sized), every(sampled)]
  for (let k = 0; k < names.length; k += measured) {
    const those = names.slice(k, k + measured)
    hash.update(`${those.join('\0')}\0${sizeOf(join(folder, names[k] ?? ''))}\n`)
  }
  for (let k = 0; k < names.length; k += read) {
    const file = join(folder, names[k] ?? '')
    const size = sizeOf(file)
    if (size !== null) hash.update(ends(file, size))
  }
  return hash.digest('hex')
}

/** Null for a link that leads nowhere, which is told as a sample that cannot be read. */
const sizeOf = (file: string): number | null => statSync(file, { throwIfNoEntry: false })?.size ?? null

function ends(file: string, size: number): Buffer {
  const handle = openSync(file, 'r')
  try {
    const read = (at: number): Buffer => {
      const buffer = Buffer.alloc(Math.min(chunk, size - at))
      return buffer.subarray(
        0,
        naming(file, () => readSync(handle, buffer, 0, buffer.length, at)),
      )
    }
    return size <= chunk ? read(0) : Buffer.concat([read(0), read(Math.max(chunk, size - chunk))])
  } finally {
    closeSync(handle)
  }
}

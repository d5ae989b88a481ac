import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Json } from '../../../artefact/json.js'

/** Files whose content is read: to read all would take hours at full size. */
const sampled = 32
const chunk = 64 * 1024

/**
 * The identity of files: of their names and sizes, and of the first and last 64 kB of up to 32 of them. When they were
 * written makes no difference, so that a copy is the same data.
 */
export function fingerprintOf(folder: string, names: readonly string[], settings: Json): string {
  const hash = createHash('sha256').update(JSON.stringify(settings))
  const every = Math.max(1, Math.ceil(names.length / sampled))
  for (const [k, name] of names.entries()) {
    const file = join(folder, name)
    const { size } = statSync(file)
    hash.update(`${name}\0${size}\n`)
    if (k % every === 0) hash.update(ends(file, size))
  }
  return hash.digest('hex')
}

function ends(file: string, size: number): Buffer {
  const handle = openSync(file, 'r')
  try {
    const read = (at: number): Buffer => {
      const buffer = Buffer.alloc(Math.min(chunk, size - at))
      return buffer.subarray(0, readSync(handle, buffer, 0, buffer.length, at))
    }
    return size <= chunk ? read(0) : Buffer.concat([read(0), read(Math.max(chunk, size - chunk))])
  } finally {
    closeSync(handle)
  }
}

import type { FileHandle } from 'node:fs/promises'
import { inflateRawSync } from 'node:zlib'
import { readAt } from '../read-at.js'
import { WeightsError } from '../weights-error.js'
import type { ZipEntry } from './zip.js'

/** The code of all of a model; OpenAI's largest CLIP has 400 kB. */
const maxCode = 32 * 1024 * 1024

/**
 * Which fields of its classes a TorchScript program counts as parameters and buffers, by the name of the class. Its code
 * lists them above each class, and is no further looked at. Throws WeightsError.
 */
export async function scriptFields(
  handle: FileHandle,
  entries: ReadonlyMap<string, ZipEntry>,
  root: string,
  file: string,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const classes = new Map<string, ReadonlySet<string>>()
  const folder = `${root}code/`
  let left = maxCode
  for (const entry of entries.values()) {
    if (!entry.name.startsWith(folder) || !entry.name.endsWith('.py')) continue
    const text = await code(handle, entry, left, file)
    left -= text.length
    const module = entry.name.slice(folder.length, -'.py'.length).replaceAll('/', '.')
    for (const [name, fields] of fieldsOf(text)) classes.set(`${module}.${name}`, fields)
  }
  return classes
}

async function code(handle: FileHandle, entry: ZipEntry, left: number, file: string): Promise<string> {
  const tooLong = (): WeightsError =>
    new WeightsError(file, `its code has more than ${maxCode} bytes: more than a program of weights has`)
  if (entry.length > left) throw tooLong()
  const bytes = await readAt(handle, entry.offset, entry.length)
  if (entry.stored) return bytes.toString('utf8')
  try {
    return inflateRawSync(bytes, { maxOutputLength: Math.max(left, 1) }).toString('utf8')
  } catch (error) {
    if (error instanceof RangeError) throw tooLong()
    throw new WeightsError(file, `its entry ${entry.name} is damaged`)
  }
}

/** `class Linear(Module):` and below it `__parameters__ = ["weight", "bias", ]` and `__buffers__ = []`. */
function* fieldsOf(text: string): Generator<readonly [string, ReadonlySet<string>]> {
  let fields = new Set<string>()
  for (const line of text.split('\n')) {
    const name = /^class (\w+)\(/.exec(line)?.[1]
    if (name !== undefined) {
      fields = new Set()
      yield [name, fields]
    }
    const list = /^ {2}__(?:parameters|buffers)__ = \[([^\]]*)\]/.exec(line)?.[1]
    for (const [, field = ''] of list?.matchAll(/"([^"]*)"/g) ?? []) fields.add(field)
  }
}

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readFileSync } from '../disk.js'
import { DiskBinaryFiles } from '../runtime/binary-files.js'
import type { Files } from '../compiler/2-resolve/program.js'
import { notText } from '../diagnostics/catalogue/file.js'
import { UserError } from '../diagnostics/diagnostic.js'
import { systemFault } from '../faults/system-fault.js'
import { parseFile } from './library-trees.js'

/** The folder of the package, which holds the standard library. */
export const packageRoot = fileURLToPath(new URL('../..', import.meta.url))

/** The text of a file; undefined where there is none. What is no text in UTF-8 is an error, called `path`. */
export function readText(place: string, path = place): string | undefined {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(place)
  } catch (error) {
    if (isAbsent(error)) return undefined
    const fault = systemFault(error)
    throw fault ? new UserError(fault) : error
  }
  const refused = (): never => {
    throw new UserError(notText({ file: path, start: 0, end: 0 }, { path }))
  }
  if (bytes.includes(0)) return refused()
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return refused()
  }
}

/** Nothing is there, or a folder: whoever asked says so in its own words. */
const isAbsent = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  ['ENOENT', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE'].includes(String(error.code))

/** Files on disk, relative to a root; `std/...` is the library of the package. */
export class DiskFiles implements Files {
  readonly binary: DiskBinaryFiles
  /** Every text read so far, for rendering diagnostics. */
  readonly texts = new Map<string, string>()

  constructor(readonly root: string) {
    this.binary = new DiskBinaryFiles(root)
  }

  read(path: string): string | undefined {
    const known = this.texts.get(path)
    if (known !== undefined) return known
    const place = path.startsWith('std/')
      ? join(packageRoot, 'pipelines', path)
      : path.startsWith('/')
        ? path
        : join(this.root, path)
    const text = readText(place, path)
    if (text !== undefined) this.texts.set(path, text)
    return text
  }

  parse = parseFile

  library(): readonly string[] {
    return readdirSync(join(packageRoot, 'pipelines', 'std'))
      .filter((name) => name.endsWith('.dcr'))
      .sort()
      .map((name) => `std/${name}`)
  }
}

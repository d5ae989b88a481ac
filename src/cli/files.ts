import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DiskBinaryFiles } from '../runtime/binary-files.js'
import type { Files } from '../compiler/2-resolve/program.js'

/** The folder of the package, which holds the standard library. */
export const packageRoot = fileURLToPath(new URL('../..', import.meta.url))

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
    try {
      const place = path.startsWith('std/')
        ? join(packageRoot, 'pipelines', path)
        : path.startsWith('/')
          ? path
          : join(this.root, path)
      const text = readFileSync(place, 'utf8')
      this.texts.set(path, text)
      return text
    } catch {
      return undefined
    }
  }
}

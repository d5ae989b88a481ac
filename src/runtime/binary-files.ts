import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { readFileSync } from '../disk.js'
import type { BinaryFiles } from '../onnx/open.js'
import { locate } from '../weights/find.js'
import { naming } from '../faults/system-fault.js'

/** Files on disk below a root, and those of models in the Hugging Face cache, by `org/name/...`. */
export class DiskBinaryFiles implements BinaryFiles {
  constructor(private readonly root: string) {}

  private place(path: string): string {
    return locate(path, this.root)?.path ?? resolve(this.root, path)
  }

  stat(path: string): { readonly real: string; readonly size: number } | undefined {
    try {
      const real = realpathSync(this.place(path))
      return { real, size: statSync(real).size }
    } catch {
      return undefined
    }
  }

  bytes(path: string, start: number, length: number): Uint8Array {
    const file = openSync(this.place(path), 'r')
    try {
      const into = Buffer.alloc(length)
      let done = 0
      while (done < length) {
        const read = naming(path, () => readSync(file, into, done, length - done, start + done))
        if (read === 0) break
        done += read
      }
      return into.subarray(0, done)
    } finally {
      closeSync(file)
    }
  }

  locate(from: string): string | undefined {
    const found = locate(from, this.root)
    return found?.id ? found.path : found && from
  }

  sha256(path: string): string {
    return createHash('sha256')
      .update(readFileSync(this.place(path)))
      .digest('hex')
  }
}

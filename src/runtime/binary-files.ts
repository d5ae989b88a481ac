import { createHash } from 'node:crypto'
import { closeSync, openSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { BinaryFiles } from '../onnx/open.js'

/** Files on disk below a root. */
export class DiskBinaryFiles implements BinaryFiles {
  constructor(private readonly root: string) {}

  stat(path: string): { readonly real: string; readonly size: number } | undefined {
    try {
      const real = realpathSync(resolve(this.root, path))
      return { real, size: statSync(real).size }
    } catch {
      return undefined
    }
  }

  bytes(path: string, start: number, length: number): Uint8Array {
    const file = openSync(resolve(this.root, path), 'r')
    try {
      const into = Buffer.alloc(length)
      let done = 0
      while (done < length) {
        const read = readSync(file, into, done, length - done, start + done)
        if (read === 0) break
        done += read
      }
      return into.subarray(0, done)
    } finally {
      closeSync(file)
    }
  }

  sha256(path: string): string {
    return createHash('sha256')
      .update(readFileSync(resolve(this.root, path)))
      .digest('hex')
  }
}

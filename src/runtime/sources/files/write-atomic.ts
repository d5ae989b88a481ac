import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { naming } from '../../../faults/system-fault.js'

/** Writes a file so that a reader sees all of it or nothing, whatever happens in between. */
export function writeAtomic(file: string, content: Uint8Array | string): void {
  mkdirSync(dirname(file), { recursive: true })
  const temporary = `${file}.${process.pid}.part`
  naming(file, () => writeFileSync(temporary, content))
  renameSync(temporary, file)
}

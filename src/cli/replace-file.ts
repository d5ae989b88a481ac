import { renameSync } from 'node:fs'
import { writeFor } from '../disk.js'

/** Writes beside the file and renames: a crash leaves the old text. */
export function replaceFile(name: string, text: string): void {
  const beside = `${name}.${process.pid}.tmp`
  writeFor(name, beside, text)
  renameSync(beside, name)
}

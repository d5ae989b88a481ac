import { renameSync, writeFileSync } from 'node:fs'
import { naming } from '../faults/system-fault.js'

/** Writes beside the file and renames: a crash leaves the old text. */
export function replaceFile(name: string, text: string): void {
  const beside = `${name}.${process.pid}.tmp`
  naming(name, () => writeFileSync(beside, text))
  renameSync(beside, name)
}

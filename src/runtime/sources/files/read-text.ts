import { statSync } from 'node:fs'
import { readFileSync } from '../../../disk.js'
import { DataInvalid, DataMissing } from '../dataset.js'

/** Longer texts are no strings in JavaScript; tables of such a size are for parquet. */
const largest = 512 * 1024 * 1024 - 64

/** A whole text file. Throws DataMissing or DataInvalid. */
export function readText(file: string, help: string): string {
  const size = statSync(file, { throwIfNoEntry: false })?.size
  if (size === undefined) throw new DataMissing(`${file} is missing`, help)
  if (size > largest)
    throw new DataInvalid(
      `${file} has ${size} bytes, more than ${largest}`,
      'split it, or write it as parquet',
    )
  return readFileSync(file, 'utf8')
}

import { crc32 } from 'node:zlib'
import { canonical } from './json/canonical.js'

/*
 * Files of JSON that say themselves whether they are as they were written: all that a run, a report or an experiment
 * reads of what another process has left.
 */

/** JSON with a checksum of itself among its members. */
export const seal = (value: object): string =>
  `${JSON.stringify({ ...value, crc32: crc32(canonical(value)) }, null, 2)}\n`

/** What was sealed; undefined where a single bit is not as it was. */
export function unseal(text: string): unknown {
  try {
    const { crc32: sum, ...value } = JSON.parse(text) as Readonly<Record<string, unknown>>
    return sum === crc32(canonical(value)) ? value : undefined
  } catch {
    return undefined
  }
}

import * as fs from 'node:fs'
import * as promises from 'node:fs/promises'
import { naming } from './faults/system-fault.js'

/** Node's reads and writes of whole files by their paths. Where the system refuses one, Node's error names no file; these do. */
const named = <F extends (file: string, ...rest: never[]) => unknown>(work: F): F =>
  ((file: string, ...rest: never[]) => naming(file, () => work(file, ...rest))) as F

export const readFileSync = named(fs.readFileSync)
export const writeFileSync = named(fs.writeFileSync)
export const appendFileSync = named(fs.appendFileSync)
export const readFile = named(promises.readFile)
export const writeFile = named(promises.writeFile)

/** Writes a file that is then moved to its place, which is what an error names. */
export const writeFor = (place: string, file: string, content: string | Uint8Array): void =>
  naming(place, () => fs.writeFileSync(file, content))

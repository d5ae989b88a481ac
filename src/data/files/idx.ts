import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { DataInvalid, DataMissing } from '../source.js'

/** An array of bytes in the IDX format of the MNIST files: first axis = rows. */
export interface IdxFile {
  readonly shape: readonly number[]
  readonly data: Uint8Array
}

/** Reads `file` or `file.gz`. Format: two zero bytes, the type (8 = unsigned byte), the rank, then big-endian sizes. */
export function readIdx(file: string, help: string): IdxFile {
  const path = [file, `${file}.gz`].find((name) => existsSync(name))
  if (path === undefined) throw new DataMissing(`${file} is missing`, help)
  const raw = readFileSync(path)
  const bytes = path.endsWith('.gz') ? gunzipSync(raw) : raw
  const rank = bytes[3] ?? 0
  const header = 4 + 4 * rank
  if (bytes.length < header || bytes.readUInt16BE(0) !== 0 || bytes[2] !== 8 || rank === 0) {
    throw new DataInvalid(`${path} is no IDX file of bytes`, help)
  }
  const shape = Array.from({ length: rank }, (_, axis) => bytes.readUInt32BE(4 + 4 * axis))
  const size = shape.reduce((a, b) => a * b, 1)
  if (bytes.length !== header + size) {
    throw new DataInvalid(`${path} holds ${bytes.length - header} values; its header says ${size}`, help)
  }
  return { shape, data: bytes.subarray(header) }
}

import { existsSync, readFileSync, statSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { DataInvalid, DataMissing } from '../dataset.js'

/** An array of bytes in the IDX format of the MNIST files: first axis = rows. */
export interface IdxFile {
  readonly shape: readonly number[]
  readonly data: Uint8Array
}

/** Reads `file` or `file.gz`. Format: two zero bytes, the type (8 = unsigned byte), the rank, then big-endian sizes. */
export function readIdx(file: string, help: string): IdxFile {
  const path = [file, `${file}.gz`].find((name) => existsSync(name))
  if (path === undefined) throw new DataMissing(`${file} is missing`, help)
  const { size: stored } = statSync(path)
  if (stored > largest) throw new DataInvalid(`${path} has ${stored} bytes, more than ${largest}`, help)
  const raw = readFileSync(path)
  const bytes = path.endsWith('.gz') ? unzipped(raw, path, help) : raw
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

/** The largest file of this kind, of EMNIST, has 547 MB. */
const largest = 1024 * 1024 * 1024
/** Pictures shrink to a fifth, labels to a fortieth; what claims to be much more is not unpacked. */
const mostlyShrunk = 100

function unzipped(raw: Uint8Array, path: string, help: string): Buffer {
  const most = Math.min(largest, mostlyShrunk * (raw.length + 1024))
  try {
    return gunzipSync(raw, { maxOutputLength: most })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    const why =
      code === 'ERR_BUFFER_TOO_LARGE' ? `it unpacks to more than ${most} bytes` : 'it is no whole gzip file'
    throw new DataInvalid(`${path} is damaged: ${why}`, help)
  }
}

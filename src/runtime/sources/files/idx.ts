import type { Hash } from 'node:crypto'
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { readFileSync } from '../../../disk.js'
import { DataInvalid, DataMissing } from '../dataset.js'
import { naming } from '../../../faults/system-fault.js'

/** An array of bytes in the IDX format of the MNIST files: first axis = rows. What is not packed stays in its file. */
export interface IdxFile {
  readonly shape: readonly number[]
  row(index: number): Uint8Array
  all(): Uint8Array
  /** Gives a hash all values. */
  addTo(hash: Hash): void
}

/** Opens `file` or `file.gz`. Format: two zero bytes, the type (8 = unsigned byte), the rank, then big-endian sizes. */
export function openIdx(file: string, help: string): IdxFile {
  const path = [file, `${file}.gz`].find((name) => existsSync(name))
  if (path === undefined) throw new DataMissing(`${file} is missing`, help)
  const { length, at } = path.endsWith('.gz') ? unpacked(path, help) : stored(path)
  const head = at(0, Math.min(length, longestHeader))
  const rank = head[3] ?? 0
  const header = 4 + 4 * rank
  if (head.length < header || head.readUInt16BE(0) !== 0 || head[2] !== 8 || rank === 0) {
    throw new DataInvalid(`${path} is no IDX file of bytes`, help)
  }
  const shape = Array.from({ length: rank }, (_, axis) => head.readUInt32BE(4 + 4 * axis))
  const size = shape.reduce((a, b) => a * b, 1)
  if (length !== header + size) {
    throw new DataInvalid(`${path} holds ${length - header} values; its header says ${size}`, help)
  }
  const bytesOfRow = size / (shape[0] || 1)
  return {
    shape,
    row: (index) => at(header + index * bytesOfRow, bytesOfRow),
    all: () => at(header, size),
    addTo(hash) {
      for (let from = header; from < length; from += chunk)
        hash.update(at(from, Math.min(chunk, length - from)))
    },
  }
}

const longestHeader = 4 + 4 * 255
const chunk = 4 * 1024 * 1024

interface Bytes {
  readonly length: number
  readonly at: (from: number, count: number) => Buffer
}

function stored(path: string): Bytes {
  return {
    length: statSync(path).size,
    at: (from, count) => {
      const bytes = Buffer.alloc(count)
      const handle = openSync(path, 'r')
      try {
        const read = naming(path, () => readSync(handle, bytes, 0, count, from))
        return bytes.subarray(0, read)
      } finally {
        closeSync(handle)
      }
    },
  }
}

/** The largest file of this kind, of EMNIST, has 547 MB. */
const largest = 1024 * 1024 * 1024
/** Pictures shrink to a fifth, labels to a fortieth; what claims to be much more is not unpacked. */
const mostlyShrunk = 100

function unpacked(path: string, help: string): Bytes {
  const { size } = statSync(path)
  if (size > largest)
    throw new DataInvalid(`${path} has ${size} bytes, more than ${largest} of a packed one`, `gunzip ${path}`)
  const most = Math.min(largest, mostlyShrunk * (size + 1024))
  const packed = readFileSync(path)
  try {
    const bytes = gunzipSync(packed, { maxOutputLength: most })
    return { length: bytes.length, at: (from, count) => bytes.subarray(from, from + count) }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    const why =
      code === 'ERR_BUFFER_TOO_LARGE' ? `it unpacks to more than ${most} bytes` : 'it is no whole gzip file'
    throw new DataInvalid(`${path} is damaged: ${why}`, help)
  }
}

import { randomUUID } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { appendFileSync } from '../../disk.js'
import { openCache } from '../../cache.js'
import { naming } from '../../faults/system-fault.js'

/** Bytes of a key, and of what stands before a row: its key and a sum of key and row. */
export const keyBytes = 16
const headBytes = keyBytes + 4

/** Rows wait in memory until they are so many bytes. */
const written = 1024 * 1024

/** How many bytes of a file are looked through for keys at a time, at least. */
const piece = 4 * 1024 * 1024

interface Place {
  readonly file: string
  readonly at: number
}

/**
 * Rows of one length, found by keys. Each process appends to a file of its own, so that several may be at work; a row that
 * was not written to its end, or is not as it was written, counts as none.
 */
export class KeptRows {
  private readonly places = new Map<string, Place>()
  private readonly waiting = new Map<string, Buffer>()
  private readonly own: string
  private readonly handles = new Map<string, number>()

  constructor(
    folder: string,
    /** Bytes of a row. */
    private readonly width: number,
  ) {
    openCache(folder)
    this.own = join(folder, `${randomUUID()}.rows`)
    for (const name of readdirSync(folder)) if (name.endsWith('.rows')) this.index(join(folder, name))
  }

  get(key: Buffer): Uint8Array | undefined {
    const name = key.toString('base64')
    const fresh = this.waiting.get(name)
    if (fresh) return fresh.subarray(headBytes)
    const place = this.places.get(name)
    if (!place) return undefined
    const record = Buffer.allocUnsafe(headBytes + this.width)
    const read = naming(place.file, () =>
      readSync(this.handle(place.file), record, 0, record.length, place.at),
    )
    return read === record.length && record.readUInt32LE(keyBytes) === sumOf(record)
      ? record.subarray(headBytes)
      : undefined
  }

  put(key: Buffer, row: Uint8Array): void {
    const record = Buffer.alloc(headBytes + this.width)
    key.copy(record)
    record.set(row, headBytes)
    record.writeUInt32LE(sumOf(record), keyBytes)
    this.waiting.set(key.toString('base64'), record)
    if (this.waiting.size * record.length >= written) this.flush()
  }

  flush(): void {
    if (this.waiting.size === 0) return
    const records = [...this.waiting.values()]
    appendFileSync(this.own, Buffer.concat(records))
    const end = fstatSync(this.handle(this.own)).size
    const from = end - records.length * (headBytes + this.width)
    for (const [k, name] of [...this.waiting.keys()].entries())
      this.places.set(name, { file: this.own, at: from + k * (headBytes + this.width) })
    this.waiting.clear()
  }

  close(): void {
    this.flush()
    for (const handle of this.handles.values()) closeSync(handle)
    this.handles.clear()
  }

  private index(file: string): void {
    const stride = headBytes + this.width
    const handle = this.handle(file)
    const records = Math.floor(fstatSync(handle).size / stride)
    // Of long rows the keys alone are read, of short ones all.
    const together = Math.max(1, Math.floor(piece / stride))
    const bytes = Buffer.allocUnsafe(together === 1 ? keyBytes : together * stride)
    for (let first = 0; first < records; first += together) {
      const read = naming(file, () => readSync(handle, bytes, 0, bytes.length, first * stride))
      for (let k = 0; k < together && k * stride + keyBytes <= read; k++)
        if (first + k < records) {
          const name = bytes.toString('base64', k * stride, k * stride + keyBytes)
          this.places.set(name, { file, at: (first + k) * stride })
        }
    }
  }

  private handle(file: string): number {
    const handle = this.handles.get(file) ?? openSync(file, 'r')
    this.handles.set(file, handle)
    return handle
  }
}

/** Of all but itself. */
const sumOf = (record: Buffer): number =>
  crc32(record.subarray(headBytes), crc32(record.subarray(0, keyBytes)))

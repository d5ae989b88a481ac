import { createHash } from 'node:crypto'
import { mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { readFileSync, writeFileSync } from '../../disk.js'
import { openCache, pictureCache } from '../../cache.js'
import { version as compilerVersion } from '../../compiler/version.js'
import { partOf } from '../../durable.js'
import { naming } from '../../faults/system-fault.js'
import type { ColumnValue } from '../sources/dataset.js'
import { type Pixels, isPicture } from './picture.js'

/** Of the entries below: another number where their form changes, or what the same expression makes. */
const version = `pictures 1, ${compilerVersion}`

/** Pictures that were made before, by all that they follow from. */
export class PictureCache {
  private readonly folder: string

  constructor(root: string) {
    this.folder = openCache(pictureCache(root))
  }

  /** The picture that an expression makes of some values; `make` makes it where it is not kept. */
  async get(
    expression: string,
    values: readonly ColumnValue[],
    make: () => Promise<ColumnValue>,
  ): Promise<ColumnValue> {
    const key = keyOf(expression, values)
    const file = join(this.folder, key.slice(0, 2), key.slice(2))
    const known = read(file)
    if (known) return known
    const made = await make()
    if (typeof made === 'object' && isPicture(made) && made.kind === 'pixels') write(file, made)
    return made
  }
}

function keyOf(expression: string, values: readonly ColumnValue[]): string {
  const hash = createHash('sha256').update(`${version}\0${expression}\0`)
  for (const value of values) {
    const bytes = contentOf(value)
    hash.update(`${bytes.length}\0`).update(bytes)
  }
  return hash.digest('hex')
}

function contentOf(value: ColumnValue): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value)
  if (!('kind' in value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  if (value.kind === 'encoded') return typeof value.bytes === 'string' ? bytesOf(value.bytes) : value.bytes
  if (value.kind === 'pixels')
    return Buffer.concat([Buffer.from(`${value.width} ${value.height} ${value.channels} `), value.data])
  throw new Error('what cannot be read is no picture')
}

/** A file that is gone is told by whoever decodes it. */
function bytesOf(file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch {
    return new Uint8Array()
  }
}

/** Width, height, channels and the sum of the pixels, which follow. */
const header = 16

function read(file: string): Pixels | undefined {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch {
    return undefined
  }
  if (bytes.length < header) return undefined
  const [width, height, channels, sum] = [0, 4, 8, 12].map((at) => bytes.readUInt32LE(at))
  const data = bytes.subarray(header)
  // What was cut off or changed on the disk is made anew.
  if (!width || !height || (channels !== 3 && channels !== 4)) return undefined
  if (data.length !== width * height * channels || crc32(data) !== sum) return undefined
  return { kind: 'pixels', width, height, channels, data }
}

function write(file: string, { width, height, channels, data }: Pixels): void {
  const about = Buffer.alloc(header)
  ;[width, height, channels, crc32(data)].forEach((value, k) => about.writeUInt32LE(value, 4 * k))
  mkdirSync(join(file, '..'), { recursive: true })
  // Threads and processes may write the same entry at the same time.
  const temporary = partOf(file)
  naming(file, () => {
    writeFileSync(temporary, Buffer.concat([about, data]))
    renameSync(temporary, file)
  })
}

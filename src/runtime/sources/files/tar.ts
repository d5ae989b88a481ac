import { type FileHandle, open } from 'node:fs/promises'

/** A file in an archive: where its content lies. */
export interface TarMember {
  readonly name: string
  /** Of its first header. */
  readonly at: number
  readonly start: number
  readonly size: number
  /** Behind it. */
  readonly next: number
}

/** An archive is damaged. */
export class TarDamaged extends Error {}

const block = 512
/** A name may take as much as a path; what claims more is damaged. */
const longestName = 64 * 1024

/**
 * The regular files of a tar archive from a header on, one after the other: ustar, with the long names of GNU and pax.
 * Nothing is unpacked, so names that lead elsewhere lead nowhere. Throws TarDamaged.
 */
export async function* membersOf(file: FileHandle, size: number, from: number): AsyncGenerator<TarMember> {
  const reader = new Reader(file, size)
  let at = from
  let first = from
  let longName: string | undefined
  let pax: ReadonlyMap<string, string> = new Map()
  while (at + block <= size) {
    const header = await reader.read(at, block)
    if (header.every((byte) => byte === 0)) return
    checkSum(header, at)
    const length = Number(pax.get('size') ?? numberIn(header, 124, 12))
    const start = at + block
    const next = start + Math.ceil(length / block) * block
    if (!Number.isSafeInteger(length) || length < 0 || start + length > size)
      throw new TarDamaged(`it ends within a member, at byte ${size}`)
    const type = String.fromCharCode(header[156] ?? 0)
    if (type === 'L' || type === 'x') {
      if (length > longestName) throw new TarDamaged(`a header of ${length} bytes at byte ${at}`)
      const content = await reader.read(start, length)
      if (type === 'L') longName = textIn(content, 0, length)
      else pax = paxRecords(content)
      at = next
      continue
    }
    if (type === '0' || type === '\0') {
      const prefix = header.toString('latin1', 257, 262) === 'ustar' ? textIn(header, 345, 155) : ''
      const short = textIn(header, 0, 100)
      const name = pax.get('path') ?? longName ?? (prefix === '' ? short : `${prefix}/${short}`)
      yield { name, at: first, start, size: length, next }
    }
    longName = undefined
    pax = new Map()
    at = first = next
  }
  if (at !== size) throw new TarDamaged(`it ends within a header, at byte ${size}`)
}

/** Reads ahead, since headers and small members lie close together. */
class Reader {
  private buffer = Buffer.alloc(0)
  private at = 0

  constructor(
    private readonly file: FileHandle,
    private readonly size: number,
  ) {}

  async read(at: number, length: number): Promise<Buffer> {
    if (at < this.at || at + length > this.at + this.buffer.length) {
      const ahead = Buffer.alloc(Math.min(Math.max(length, 16 * block), this.size - at))
      const { bytesRead } = await this.file.read(ahead, 0, ahead.length, at)
      if (bytesRead < length) throw new TarDamaged('it has become shorter')
      this.buffer = ahead.subarray(0, bytesRead)
      this.at = at
    }
    return this.buffer.subarray(at - this.at, at - this.at + length)
  }
}

function checkSum(header: Buffer, at: number): void {
  let sum = 0
  for (let i = 0; i < block; i++) sum += i >= 148 && i < 156 ? 32 : (header[i] ?? 0)
  if (sum !== numberIn(header, 148, 8)) throw new TarDamaged(`no header of a tar archive at byte ${at}`)
}

/** Octal digits, or from the highest bit on a binary number. */
function numberIn(header: Buffer, at: number, length: number): number {
  if (((header[at] ?? 0) & 0x80) !== 0) {
    let value = (header[at] ?? 0) & 0x7f
    for (let i = 1; i < length; i++) value = value * 256 + (header[at + i] ?? 0)
    return value
  }
  const text = textIn(header, at, length).trim()
  return /^[0-7]*$/.test(text) ? Number.parseInt(text || '0', 8) : Number.NaN
}

function textIn(bytes: Buffer, at: number, length: number): string {
  const end = bytes.indexOf(0, at)
  return bytes.toString('utf8', at, end === -1 || end > at + length ? at + length : end)
}

/** `27 path=a/long/name\n`: the length of the record, its key, its value. */
function paxRecords(content: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>()
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(32, at)
    const length = Number(content.toString('latin1', at, space))
    if (space === -1 || !Number.isInteger(length) || length <= 0 || at + length > content.length) break
    const record = content.toString('utf8', space + 1, at + length - 1)
    const equals = record.indexOf('=')
    records.set(record.slice(0, equals), record.slice(equals + 1))
    at += length
  }
  return records
}

/** Reads a member; what is larger than any sample should be is refused. */
export async function contentOf(file: FileHandle, { name, start, size }: TarMember): Promise<Buffer> {
  if (size > largest) throw new TarDamaged(`${name} has ${size} bytes, more than ${largest}`)
  const content = Buffer.alloc(size)
  const { bytesRead } = await file.read(content, 0, size, start)
  if (bytesRead < size) throw new TarDamaged('it has become shorter')
  return content
}

const largest = 256 * 1024 * 1024

/** Opens an archive for as long as something is done with it. */
export async function* opened<T>(
  path: string,
  use: (file: FileHandle, size: number) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const file = await open(path, 'r')
  try {
    yield* use(file, (await file.stat()).size)
  } finally {
    await file.close()
  }
}

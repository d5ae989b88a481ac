import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { DataInvalid, DataMissing } from '../dataset.js'
import { naming } from '../../../faults/system-fault.js'

/** Records of a text file: where each begins. Nothing but that is held of the file. */
export interface Records {
  readonly count: number
  /** A hash of the whole file. */
  readonly sha256: string
  /** The text of records that follow each other, with what ends them; null where it is no UTF-8. */
  text(first: number, count?: number): string | null
}

const chunk = 4 * 1024 * 1024
/** What claims to be longer has a quote that is not closed, or is no text. */
const longest = 1024 * 1024
const [lineFeed, carriageReturn] = [10, 13]

/** Whether a record ends within a quoted cell is asked of files with quotes: `"` opens one at the beginning of a cell. */
export interface Quotes {
  readonly quote: number
  readonly separator: number
}

/**
 * Reads a file once, a piece at a time. Records end with a line feed, in files without one with a carriage return; lines
 * that are empty are none. Throws DataMissing or DataInvalid.
 */
export function recordsOf(file: string, quotes: Quotes | null, help: string): Records {
  const handle = opened(file, help)
  const places = new Places()
  const hash = createHash('sha256')
  try {
    let at = 0
    let rest: Buffer = Buffer.alloc(0)
    let end = lineFeed
    for (let read = -1; read !== 0;) {
      const piece = Buffer.allocUnsafe(rest.length + chunk)
      rest.copy(piece)
      read = naming(file, () => readSync(handle, piece, rest.length, chunk, at + rest.length))
      const bytes = piece.subarray(0, rest.length + read)
      hash.update(bytes.subarray(rest.length))
      let from = 0
      if (at === 0 && rest.length === 0) {
        const packed = packing(bytes)
        if (packed) throw new DataInvalid(`${file} is packed, no text`, packed)
        if (isUtf16(bytes))
          throw new DataInvalid(`${file} is text in UTF-16`, 'save it as UTF-8: `iconv -f UTF-16 -t UTF-8`')
        from = bytes.subarray(0, 3).equals(byteOrderMark) ? 3 : 0
        if (!bytes.includes(lineFeed) && bytes.includes(carriageReturn)) end = carriageReturn
      }
      const walk = new Walk(bytes, end, quotes)
      for (;;) {
        const next = walk.endOf(from)
        if (next === -1 && read !== 0) break
        const to = next === -1 ? bytes.length : next
        if (!isEmpty(bytes, from, to)) places.add(at + from)
        from = to
        if (next === -1) break
      }
      if (bytes.length - from > longest)
        throw new DataInvalid(
          `${file}: a line of more than ${longest} bytes begins at byte ${at + from}`,
          quotes ? `a quote that is not closed? ${help}` : help,
        )
      rest = bytes.subarray(from)
      at += from
    }
    places.end = at
  } finally {
    closeSync(handle)
  }
  return {
    count: places.count,
    sha256: hash.digest('hex'),
    text: (first, count = 1) => textOf(file, places.at(first), places.at(first + count)),
  }
}

const byteOrderMark = Buffer.of(0xef, 0xbb, 0xbf)
/** What unpacks a file that begins so. */
function packing(bytes: Buffer): string | undefined {
  const is = (...start: number[]): boolean => start.every((byte, k) => bytes[k] === byte)
  if (is(0x1f, 0x8b)) return 'unpack it: `gunzip`'
  if (is(0x50, 0x4b, 3, 4)) return 'unpack it: `unzip`; a table of Excel can be saved as CSV in UTF-8'
  if (is(0x28, 0xb5, 0x2f, 0xfd)) return 'unpack it: `unzstd`'
  return undefined
}

const isUtf16 = ([a, b]: Buffer): boolean => (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)

function opened(file: string, help: string): number {
  const about = statSync(file, { throwIfNoEntry: false })
  if (!about) throw new DataMissing(`${file} is missing`, help)
  if (about.isDirectory()) throw new DataInvalid(`${file} is a folder`, help)
  return openSync(file, 'r')
}

function textOf(file: string, from: number, to: number): string | null {
  const handle = openSync(file, 'r')
  try {
    const bytes = Buffer.allocUnsafe(to - from)
    const read = naming(file, () => readSync(handle, bytes, 0, bytes.length, from))
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, read))
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  } finally {
    closeSync(handle)
  }
}

/** Finds the ends of records by jumps: bytes are looked at one by one nowhere. */
class Walk {
  private quoteAt = -2

  constructor(
    private readonly bytes: Buffer,
    private readonly end: number,
    private readonly quotes: Quotes | null,
  ) {}

  /** Behind the record that begins at a place; -1 where it does not end in these bytes. */
  endOf(from: number): number {
    let at = from
    for (;;) {
      const end = this.bytes.indexOf(this.end, at)
      const quote = this.quotes === null ? -1 : this.nextQuote(at, this.quotes.quote)
      if (quote === -1 || (end !== -1 && end < quote)) return end === -1 ? -1 : end + 1
      const before = quote === from ? this.quotes?.separator : this.bytes[quote - 1]
      if (before !== this.quotes?.separator) {
        at = quote + 1
        continue
      }
      const close = this.closing(quote)
      if (close === -1) return -1
      at = close + 1
    }
  }

  private nextQuote(at: number, quote: number): number {
    if (this.quoteAt === -1 || this.quoteAt >= at) return this.quoteAt
    return (this.quoteAt = this.bytes.indexOf(quote, at))
  }

  private closing(open: number): number {
    const quote = this.bytes[open] ?? 0
    for (let at = open + 1; ; at += 2) {
      at = this.bytes.indexOf(quote, at)
      if (at === -1 || this.bytes[at + 1] !== quote) return at
    }
  }
}

const isEmpty = (bytes: Buffer, from: number, to: number): boolean => {
  for (let k = from; k < to; k++) if (bytes[k] !== lineFeed && bytes[k] !== carriageReturn) return false
  return true
}

/** Whole numbers, eight bytes each. */
class Places {
  count = 0
  end = 0
  private values = new Float64Array(1024)

  add(place: number): void {
    if (this.count === this.values.length) {
      const more = new Float64Array(2 * this.count)
      more.set(this.values)
      this.values = more
    }
    this.values[this.count++] = place
  }

  at(index: number): number {
    return index < this.count ? (this.values[index] ?? 0) : this.end
  }
}

import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { DataInvalid, DataMissing } from '../dataset.js'
import { naming } from '../../../faults/system-fault.js'

/** What takes the entries of a list, in their order. */
export type Entries = ReadonlyMap<string, (value: unknown, index: number) => void>

/**
 * Reads lists that are values of the one object in a JSON file, such as COCO's, an entry at a time: neither the text nor
 * what else is in the file is ever held. Gives the names of the lists that are there. Throws DataMissing or DataInvalid.
 */
export function readJsonLists(file: string, lists: Entries, help: string): ReadonlySet<string> {
  if (!statSync(file, { throwIfNoEntry: false })) throw new DataMissing(`${file} is missing`, help)
  const scan = new Scan(lists)
  const handle = openSync(file, 'r')
  try {
    const buffer = Buffer.alloc(chunk)
    const next = (): number => naming(file, () => readSync(handle, buffer, 0, chunk, null))
    for (let size; (size = next()) > 0;) scan.take(buffer.subarray(0, size))
    return scan.end()
  } catch (error) {
    if (error instanceof NotJson) throw new DataInvalid(`${file} ${error.message}`, help)
    throw error
  } finally {
    closeSync(handle)
  }
}

const chunk = 1024 * 1024
/** An entry of COCO has 200 bytes, with outlines of things in it some 10 kB. */
const longest = 16 * 1024 * 1024

class NotJson extends Error {}

const [quote, escape, comma, open, close, openList, closeList] = Buffer.from('"\\,{}[]')

/** Follows strings and brackets; what stands between is parsed where it is asked for. */
class Scan {
  private depth = 0
  private inString = false
  private isEscaped = false
  /** Of the object: the name whose value is being read, and whether that is one of the lists. */
  private name: string | undefined
  private index: number | undefined
  /** The bytes of the name or entry that is being read, as far as they are in earlier pieces. */
  private held: Buffer[] | undefined
  private heldBytes = 0
  private ended = false
  private readonly found = new Set<string>()

  constructor(private readonly lists: Entries) {}

  take(piece: Buffer): void {
    let from = 0
    const begin = (at: number): void => {
      this.held = []
      this.heldBytes = 0
      from = at
    }
    const text = (to: number): string => {
      const whole = Buffer.concat([...(this.held ?? []), piece.subarray(from, to)]).toString()
      this.held = undefined
      return whole
    }
    for (let at = 0; at < piece.length; at++) {
      const byte = piece[at]
      if (this.inString) {
        if (this.isEscaped) this.isEscaped = false
        else if (byte === escape) this.isEscaped = true
        else if (byte === quote) {
          this.inString = false
          if (this.depth === 1 && this.name === undefined && this.held)
            this.name = String(valueOf(text(at + 1)))
        }
      } else if (byte === quote) {
        if (this.depth === 0) throw new NotJson('holds no JSON object')
        this.inString = true
        if (this.depth === 1 && this.name === undefined) begin(at)
      } else if (byte === open || byte === openList) {
        if (this.depth === 0 && (byte === openList || this.ended)) throw new NotJson('holds no JSON object')
        this.depth++
        if (this.depth === 2 && byte === openList && this.lists.has(this.name ?? '')) {
          this.found.add(this.name ?? '')
          this.index = 0
          begin(at + 1)
        }
      } else if (byte === comma) {
        if (this.depth === 2 && this.index !== undefined) {
          this.entry(text(at))
          begin(at + 1)
        } else if (this.depth === 1) this.name = undefined
      } else if (byte === close || byte === closeList) {
        if (this.depth === 2 && this.index !== undefined) {
          const last = text(at)
          if (this.index > 0 || last.trim() !== '') this.entry(last)
          this.index = undefined
        }
        this.depth--
        if (this.depth < 0) throw new NotJson('is no JSON')
        if (this.depth === 0) this.ended = true
      } else if (this.depth === 0 && byte !== undefined && byte > 32) throw new NotJson('is no JSON')
    }
    if (!this.held) return
    const rest = piece.subarray(from)
    this.heldBytes += rest.length
    if (this.heldBytes > longest) throw new NotJson(`has an entry of more than ${longest} bytes`)
    // the piece's memory takes the next one
    this.held.push(Buffer.from(rest))
  }

  end(): ReadonlySet<string> {
    if (!this.ended || this.depth !== 0) throw new NotJson('is no whole JSON')
    return this.found
  }

  private entry(text: string): void {
    const index = this.index ?? 0
    this.lists.get(this.name ?? '')?.(valueOf(text), index)
    this.index = index + 1
  }
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new NotJson('is no JSON')
  }
}

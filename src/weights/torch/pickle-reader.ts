import { damaged, refused } from './values.js'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The numbers and texts of a pickle, one after the other. Throws PickleError at its end. */
export class PickleReader {
  private readonly view: DataView
  private at = 0

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  private take(length: number): number {
    const start = this.at
    if (length > this.bytes.length - start) return damaged('it ends too early')
    this.at += length
    return start
  }

  u8(): number {
    return this.view.getUint8(this.take(1))
  }

  u16(): number {
    return this.view.getUint16(this.take(2), true)
  }

  u32(): number {
    return this.view.getUint32(this.take(4), true)
  }

  i32(): number {
    return this.view.getInt32(this.take(4), true)
  }

  f64(): number {
    return this.view.getFloat64(this.take(8))
  }

  /** A length: what a double cannot hold is longer than any file. */
  u64(): number {
    return Number(this.view.getBigUint64(this.take(8), true))
  }

  /** An integer of any length, little-endian in two's complement. */
  long(): number {
    const length = this.u8()
    if (length > 8) return refused(`it has an integer of ${length} bytes`)
    const start = this.take(length)
    let value = 0n
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.view.getUint8(start + i))
    const number = Number(BigInt.asIntN(8 * length, value))
    return Number.isSafeInteger(number) ? number : refused(`it has the integer ${number}`)
  }

  text(length: number): string {
    const start = this.take(length)
    try {
      return utf8.decode(this.bytes.subarray(start, start + length))
    } catch {
      return damaged('a text in it is not UTF-8')
    }
  }

  /** Text up to the end of the line. */
  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at)
    if (end < 0) return damaged('it ends too early')
    const text = this.text(end - this.at)
    this.take(1)
    return text
  }
}

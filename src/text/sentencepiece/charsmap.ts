/** What a text is replaced by where it begins so, and how many of its bytes that takes. */
export interface Replaced {
  readonly text: string
  readonly length: number
}

/**
 * The table by which sentencepiece normalizes: a double-array trie over the bytes of what is replaced, and the texts to
 * put there, each ended by a zero. Source: sentencepiece, normalizer.cc (DecodePrecompiledCharsMap) and darts.h
 * (commonPrefixSearch).
 */
export class Charsmap {
  private readonly units: Uint32Array
  private readonly texts: Uint8Array

  /** Throws RangeError for a table that is cut short. */
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const size = bytes.length === 0 ? 0 : view.getUint32(0, true)
    this.units = Uint32Array.from({ length: Math.floor(size / 4) }, (_, k) => view.getUint32(4 + 4 * k, true))
    this.texts = bytes.subarray(4 + size)
  }

  /** The longest beginning that the table replaces, if any. */
  longest(bytes: Uint8Array, start: number): Replaced | undefined {
    let found: { readonly value: number; readonly length: number } | undefined
    let at = offsetOf(this.units[0] ?? 0)
    for (let k = start; k < bytes.length; k++) {
      const byte = bytes[k] ?? 0
      at ^= byte
      const unit = this.units[at] ?? 0
      if (labelOf(unit) !== byte) break
      at ^= offsetOf(unit)
      if ((unit >>> 8) & 1) found = { value: (this.units[at] ?? 0) & 0x7fffffff, length: k + 1 - start }
    }
    return found && { text: this.textAt(found.value), length: found.length }
  }

  private textAt(start: number): string {
    const end = this.texts.indexOf(0, start)
    return new TextDecoder().decode(this.texts.subarray(start, end < 0 ? undefined : end))
  }
}

const labelOf = (unit: number): number => (unit & 0x800000ff) >>> 0
const offsetOf = (unit: number): number => (unit >>> 10) << ((unit & 0x200) >>> 6)

/** What became of the kernels in a library. */
export interface Kept {
  /** Sets of images of one kernel file for several architectures. */
  readonly images: number
  /** Those that have none for the wanted one, and are left as they are. */
  readonly without: number
  readonly zeroed: number
}

/** The first bytes of a set of images ("fatbin"), and the sizes of its header and of an image's, as CUDA 13 writes them. */
const magic = Uint8Array.of(0x50, 0xed, 0x55, 0xba)
const headerSize = 16
const machineCode = 2

/**
 * Fills with zeros, in place, the images of kernels that other architectures than one run: a library that compresses to a
 * third. Addresses and sizes stay.
 */
export function forOneArchitecture(library: Buffer, architecture: number): Kept {
  let [images, without, zeroed] = [0, 0, 0]
  for (let at = library.indexOf(magic); at >= 0;) {
    const size = at + headerSize <= library.length ? Number(library.readBigUInt64LE(at + 8)) : 0
    const isSet = library.readUInt16LE(at + 4) === 1 && library.readUInt16LE(at + 6) === headerSize
    const end = at + headerSize + size
    if (!isSet || end > library.length) {
      at = library.indexOf(magic, at + 4)
      continue
    }
    images++
    const entries = entriesOf(library, at + headerSize, end)
    const wanted = entries.filter((e) => e.kind === machineCode && e.architecture === architecture)
    if (wanted.length === 0) without++
    else
      for (const entry of entries) {
        if (wanted.includes(entry)) continue
        library.fill(0, entry.start, entry.end)
        zeroed += entry.end - entry.start
      }
    at = library.indexOf(magic, end)
  }
  return { images, without, zeroed }
}

interface Entry {
  readonly kind: number
  readonly architecture: number
  readonly start: number
  readonly end: number
}

function entriesOf(library: Buffer, from: number, end: number): readonly Entry[] {
  const entries: Entry[] = []
  for (let at = from; at < end;) {
    const header = library.readUInt32LE(at + 4)
    if (header === 0 || header > 4096) break
    const start = at + header
    const next = start + Number(library.readBigUInt64LE(at + 8))
    entries.push({
      kind: library.readUInt16LE(at),
      architecture: library.readUInt32LE(at + 28),
      start,
      end: next,
    })
    at = next
  }
  return entries
}

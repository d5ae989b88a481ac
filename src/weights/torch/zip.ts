import yauzl from 'yauzl'
import { BoundedFile } from './bounded-file.js'
import { WeightsError } from '../weights-error.js'

/** Where the bytes of an entry lie in the archive. */
export interface ZipEntry {
  readonly name: string
  readonly offset: number
  readonly length: number
  /** Neither compressed nor encrypted. */
  readonly stored: boolean
}

/** More than any model has, and few enough to be held. */
const maxEntries = 100_000

/**
 * The entries of a zip archive, none of them read. yauzl reads the directory and checks it, also that of archives over
 * 4 GB. Throws WeightsError.
 */
export async function zipEntries(file: string): Promise<ReadonlyMap<string, ZipEntry>> {
  try {
    const bytes = new BoundedFile(file)
    const zip = await yauzl.fromRandomAccessReaderPromise(bytes, bytes.size, { autoClose: false })
    try {
      return await readDirectory(zip, file)
    } finally {
      zip.close()
    }
  } catch (error) {
    if (error instanceof WeightsError || !(error instanceof Error) || 'syscall' in error) throw error
    throw new WeightsError(file, `it is no zip archive as torch writes it: ${error.message}`)
  }
}

async function readDirectory(zip: yauzl.ZipFile, file: string): Promise<ReadonlyMap<string, ZipEntry>> {
  if (zip.entryCount > maxEntries)
    throw new WeightsError(file, `it claims ${zip.entryCount} entries; the limit is ${maxEntries}`)
  const entries = new Map<string, ZipEntry>()
  let end = 0
  for await (const entry of zip.eachEntry()) {
    const { fileName: name, compressionMethod, compressedSize, uncompressedSize } = entry
    if (entries.has(name)) throw new WeightsError(file, `it has two entries ${name}`)
    const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true })
    // torch writes entries one after the other; two that share bytes are a trick.
    if (entry.relativeOffsetOfLocalHeader < end)
      throw new WeightsError(file, `its entry ${name} overlaps the one before it`)
    end = fileDataStart + compressedSize
    const stored = compressionMethod === 0 && compressedSize === uncompressedSize && !entry.isEncrypted()
    entries.set(name, { name, offset: fileDataStart, length: compressedSize, stored })
  }
  return entries
}

import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { partOf } from '../durable.js'
import { naming } from '../faults/system-fault.js'
import { type DType, bytesPerElement, elementCount } from '../graph/types.js'
import { EndOfFile, readAt } from './read-at.js'
import { HeaderError, UnknownType, parseHeader } from './safetensors-header.js'
import type { StoredTensor } from './table.js'
import { WeightsError } from './weights-error.js'
import { emptyTable } from '../json/table.js'
import { standIn } from '../stand-in.js'

export interface SafetensorsFile {
  readonly file: string
  /** Bytes of the whole file. */
  readonly size: number
  readonly tensors: ReadonlyMap<string, StoredTensor>
  readonly metadata: Readonly<Record<string, string>>
  readonly aliases: ReadonlyMap<string, string>
}

/** The largest header that is read: 100,000 tensors take 12 MB. The format allows 100 MB, which parse into over 1 GB. */
const maxHeader = 16 * 1024 * 1024

/** Reads and checks a file's header; the tensors stay where they are. Throws WeightsError. */
export async function openSafetensors(file: string): Promise<SafetensorsFile> {
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    const other = standIn(await readAt(handle, 0, Math.min(size, 100)))
    if (other) throw new WeightsError(file, other.what, 'refused', other.help)
    if (size < 8) throw new WeightsError(file, `${size} bytes are too few for a safetensors file`)
    const claimed = (await readAt(handle, 0, 8)).readBigUInt64LE()
    if (claimed > maxHeader) {
      throw new WeightsError(file, `the header claims ${claimed} bytes; the limit is ${maxHeader}`)
    }
    const length = Number(claimed)
    if (length > size - 8) {
      throw new WeightsError(file, `the header claims ${length} bytes, the file has ${size}`)
    }
    const start = 8 + length
    const { entries, metadata } = parseHeader(await readAt(handle, 8, length), size - start)
    const tensors = entries.map((e): [string, StoredTensor] => [
      e.name,
      {
        name: e.name,
        dtype: e.dtype,
        shape: e.shape,
        file,
        offset: start + e.begin,
        length: e.end - e.begin,
      },
    ])
    const named = new Map(tensors)
    // as safetensors.torch.save_model writes of tied tensors: the name that is left out, and the one that is there
    const aliases = Object.entries(metadata).filter(([name, kept]) => !named.has(name) && named.has(kept))
    return { file, size, tensors: named, metadata, aliases: new Map(aliases) }
  } catch (error) {
    if (error instanceof UnknownType)
      throw new WeightsError(file, error.message, 'refused', 'save it again as float32, float16 or bfloat16')
    throw error instanceof HeaderError || error instanceof EndOfFile
      ? new WeightsError(file, error.message)
      : error
  } finally {
    await handle.close()
  }
}

/** The bytes of one tensor. */
export async function readTensor(tensor: StoredTensor): Promise<ArrayBuffer> {
  const handle = await open(tensor.file, 'r')
  try {
    const bytes = await naming(tensor.file, () => readAt(handle, tensor.offset, tensor.length))
    return bytes.buffer
  } catch (error) {
    throw error instanceof EndOfFile ? new WeightsError(tensor.file, error.message) : error
  } finally {
    await handle.close()
  }
}

/** A tensor to write: its values, or the place of another file to copy them from. */
export interface WrittenTensor {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
  /** Values, where they lie, how they are made when their turn comes, or their making piece by piece. */
  readonly content:
    | ArrayBufferView
    | StoredTensor
    | (() => Promise<ArrayBufferView>)
    | (() => AsyncIterable<ArrayBufferView>)
}

/**
 * Writes a file, tensors sorted by name, the header padded to 8 bytes as other writers do. The file appears under
 * its name when it is complete.
 */
export async function writeSafetensors(
  file: string,
  tensors: readonly WrittenTensor[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const sorted = [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1))
  const header = emptyTable<unknown>()
  if (Object.keys(metadata).length > 0) header['__metadata__'] = metadata
  let end = 0
  for (const { name, dtype, shape } of sorted) {
    const begin = end
    end += elementCount(shape) * bytesPerElement[dtype]
    header[name] = { dtype: formatNames[dtype], shape, data_offsets: [begin, end] }
  }
  const text = Buffer.from(JSON.stringify(header))
  const head = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8, ' ')
  head.writeBigUInt64LE(BigInt(head.length - 8))
  text.copy(head, 8)

  await mkdir(dirname(file), { recursive: true })
  const temporary = partOf(file)
  const handle = await open(temporary, 'w')
  try {
    await naming(file, async () => {
      await writeAll(handle, head)
      for (const tensor of sorted) await writeContent(handle, tensor)
      await handle.datasync()
    })
  } catch (error) {
    await handle.close()
    await rm(temporary, { force: true })
    throw error
  }
  await handle.close()
  await rename(temporary, file)
}

async function writeContent(
  handle: FileHandle,
  { name, dtype, shape, content: given }: WrittenTensor,
): Promise<void> {
  let length = 0
  for await (const piece of pieces(given)) {
    await writeAll(handle, new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength))
    length += piece.byteLength
  }
  const wanted = elementCount(shape) * bytesPerElement[dtype]
  if (length !== wanted) throw new Error(`${name}: ${length} bytes to write, its shape has ${wanted}`)
}

async function* pieces(given: WrittenTensor['content']): AsyncIterable<ArrayBufferView> {
  const content = typeof given === 'function' ? given() : given
  if (ArrayBuffer.isView(content)) yield content
  else if (Symbol.asyncIterator in content) yield* content
  else if (content instanceof Promise) yield await content
  else for await (const bytes of tensorPieces(content)) yield new Uint8Array(bytes)
}

const pieceBytes = 16 * 1024 * 1024

/** The bytes of one tensor, a few at a time. */
export async function* tensorPieces(tensor: StoredTensor): AsyncIterable<ArrayBuffer> {
  const handle = await open(tensor.file, 'r')
  try {
    for (let at = 0; at < tensor.length; at += pieceBytes) {
      const length = Math.min(pieceBytes, tensor.length - at)
      yield (await readAt(handle, tensor.offset + at, length)).buffer
    }
  } finally {
    await handle.close()
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done)
    done += bytesWritten
  }
}

/** Our element types in the format's words. */
const formatNames: Readonly<Record<DType, string>> = {
  f64: 'F64',
  f32: 'F32',
  f16: 'F16',
  bf16: 'BF16',
  i64: 'I64',
  i32: 'I32',
  u8: 'U8',
  bool: 'BOOL',
}

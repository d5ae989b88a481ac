import { z } from 'zod'
import { elementBytes } from './element-types.js'
import { repeatedKey } from './repeated-key.js'

/** A tensor as the header states it; offsets count from the end of the header. */
export interface HeaderEntry {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

/** What is wrong with a header, without the file's name. */
export class HeaderError extends Error {}

/** An element type that later versions of the format may have. */
export class UnknownType extends HeaderError {}

const size = z.int().nonnegative()
const metadataSchema = z.record(z.string(), z.string())
const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(size),
  data_offsets: z.tuple([size, size]),
})

/** The format's element types, by our name where we have one. */
const types: Readonly<Record<string, string>> = {
  F64: 'f64',
  F32: 'f32',
  F16: 'f16',
  BF16: 'bf16',
  I64: 'i64',
  I32: 'i32',
  U8: 'u8',
  BOOL: 'bool',
  U64: 'U64',
  U32: 'U32',
  I16: 'I16',
  U16: 'U16',
  I8: 'I8',
  F8_E4M3: 'F8_E4M3',
  F8_E5M2: 'F8_E5M2',
  F8_E4M3FNUZ: 'F8_E4M3FNUZ',
  F8_E5M2FNUZ: 'F8_E5M2FNUZ',
  F8_E8M0: 'F8_E8M0',
  F6_E2M3: 'F6_E2M3',
  F6_E3M2: 'F6_E3M2',
  F4: 'F4',
  C64: 'C64',
}

/**
 * Parses a header and checks it against the number of bytes that follow it: known types, lengths that fit the
 * shapes, and tensors that cover the data without overlap, hole or rest. Throws HeaderError.
 */
export function parseHeader(
  bytes: Uint8Array,
  dataSize: number,
): { readonly entries: readonly HeaderEntry[]; readonly metadata: Readonly<Record<string, string>> } {
  const text = decode(bytes)
  const header = parseObject(text)
  const twice = repeatedKey(text)
  if (twice !== undefined) throw new HeaderError(`the header names "${twice}" twice`)

  const metadata = metadataSchema.safeParse(header['__metadata__'] ?? {})
  if (!metadata.success) throw new HeaderError('"__metadata__" is not a table of strings')
  const entries = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => entry(name, value))
  checkCover(entries, dataSize)
  return { entries, metadata: metadata.data }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new HeaderError('the header is not UTF-8 text')
  }
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new HeaderError('the header is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new HeaderError('the header is not a JSON object')
  }
  return value as Record<string, unknown>
}

function entry(name: string, value: unknown): HeaderEntry {
  const parsed = entrySchema.safeParse(value)
  if (!parsed.success) throw new HeaderError(`the header's entry "${name}" is malformed`)
  const { dtype, shape, data_offsets: offsets } = parsed.data
  const type = Object.hasOwn(types, dtype) ? types[dtype] : undefined
  if (!type) throw new UnknownType(`"${name}" has the element type ${dtype}, which is not known here`)
  const [begin, end] = offsets
  const wanted = shape.reduce((n, d) => n * d, elementBytes[type] ?? NaN)
  if (end - begin !== wanted) {
    throw new HeaderError(
      `"${name}": ${dtype}[${shape.join(', ')}] takes ${wanted} bytes, its offsets give ${end - begin}`,
    )
  }
  return { name, dtype: type, shape, begin, end }
}

function checkCover(entries: readonly HeaderEntry[], dataSize: number): void {
  let at = 0
  let previous = ''
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (end > dataSize)
      throw new HeaderError(`"${name}" ends at byte ${end} of ${dataSize}: the file is cut or corrupt`)
    if (begin < at) throw new HeaderError(`"${name}" and "${previous}" overlap`)
    if (begin > at) throw new HeaderError(`${begin - at} bytes before "${name}" belong to no tensor`)
    at = end
    previous = name
  }
  if (at !== dataSize)
    throw new HeaderError(`${dataSize - at} bytes after the last tensor belong to no tensor`)
}

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs'
import { basename, join, relative, sep } from 'node:path'
import type { NarrowFloat } from '../graph/types.js'
import { elementCount } from '../graph/types.js'
import { openCache } from '../cache.js'
import { type StoredFloat, roundInPlace, storedFloats, toFloat32 } from './floats.js'
import { gatheredPieces } from './gather.js'
import { openSafetensors, tensorPieces, writeSafetensors } from './safetensors.js'
import { type SourceTensor, type StoredTensor, isStored } from './table.js'
import { WeightsError } from './weights-error.js'

/** What is converted: f32 values of some tensors of one file, row by row, rounded to `as` if that is given. */
export interface Conversion {
  readonly source: string
  readonly as: NarrowFloat | null
  readonly tensors: number
  /** Bytes of the file that holds them, once it is written. */
  readonly bytes: number
  readonly file: string
}

/** A weight that the type it is to be rounded to cannot hold. */
export class TooLarge extends Error {
  constructor(
    readonly tensor: string,
    readonly value: number,
    readonly as: NarrowFloat | 'f32',
  ) {
    super(`${tensor} holds ${value}, which ${as} does not`)
  }
}

/** Counts up when converted files would come out otherwise. */
const version = 1
/** Parts that nothing has written to for so long belong to a process that was killed. */
const abandoned = 60 * 60 * 1000

/**
 * Weights in the form in which graphs take them, each converted once: the cpu computes in f32, from values that may be
 * rounded, and onnxruntime maps a file of them without a copy. (Half the bytes with a Cast in the graph took more
 * time, or more memory that no file backs: docs/models.md.) Files are named by what they are made of, so every run finds them:
 *
 *   <source>.<type>.<source's path, type and tensors>.<what the file system says of the source>.safetensors
 */
export class Conversions {
  constructor(
    private readonly folders: {
      /** Kept for all runs of a project. */
      readonly cache: string
      /** The run's folder: what is converted of its own files stays there. */
      readonly run: string
    },
    private readonly begin: (conversion: Conversion) => void = () => undefined,
  ) {}

  /** The places of converted tensors, by name. Throws TooLarge. */
  async convert(
    tensors: readonly SourceTensor[],
    as: NarrowFloat | null,
  ): Promise<ReadonlyMap<string, StoredTensor>> {
    const places = new Map<string, StoredTensor>()
    for (const [source, wanted] of bySource(tensors)) {
      for (const [name, place] of await this.convertFile(source, wanted, as)) places.set(name, place)
    }
    return places
  }

  /** Whether an earlier run has converted them. */
  has(tensors: readonly SourceTensor[], as: NarrowFloat | null): boolean {
    return [...bySource(tensors)].every(([source, wanted]) =>
      existsSync(join(this.folderOf(source), nameOf(source, wanted, as))),
    )
  }

  private async convertFile(
    source: string,
    tensors: readonly SourceTensor[],
    as: NarrowFloat | null,
  ): Promise<ReadonlyMap<string, StoredTensor>> {
    const folder = this.folderOf(source)
    const file = join(folder, nameOf(source, tensors, as))
    const known = await openWhole(file)
    if (known) return known
    const bytes = tensors.reduce((sum, { shape }) => sum + 4 * elementCount(shape), 0)
    this.begin({ source, as, tensors: tensors.length, bytes, file })
    if (folder === this.folders.cache) openCache(folder)
    else mkdirSync(folder, { recursive: true })
    removeOutdated(folder, stemOf(source, tensors, as), basename(file))
    const written = tensors.map((t) => ({ ...t, dtype: 'f32' as const, content: () => converted(t, as) }))
    await writeSafetensors(file, written, { format: 'pt' })
    return (await openSafetensors(file)).tensors
  }

  private folderOf(source: string): string {
    const inside = relative(this.folders.run, source)
    return inside.split(sep)[0] !== '..' && inside !== source
      ? join(this.folders.run, 'converted')
      : this.folders.cache
  }
}

/** Whether a stored type can be taken for f32 weights, as it is or converted. */
export const holdsWeights = (dtype: string): dtype is StoredFloat =>
  storedFloats.some((type) => type === dtype)

/** The values of a tensor as they are written, a few at a time. */
async function* converted(tensor: SourceTensor, as: NarrowFloat | null): AsyncIterable<Float32Array> {
  const { name, dtype } = tensor
  if (!holdsWeights(dtype)) throw new Error(`${name}: ${dtype} holds no weights`)
  const pieces = isStored(tensor) ? tensorPieces(tensor) : gatheredPieces(tensor)
  for await (const bytes of pieces) {
    const values = toFloat32(bytes, dtype)
    if (dtype === 'f64') checkRange(name, new Float64Array(bytes), values)
    const at = as === null ? -1 : roundInPlace(values, as)
    if (as !== null && at >= 0) throw new TooLarge(name, values[at] ?? NaN, as)
    yield values
  }
}

function checkRange(name: string, wide: Float64Array, values: Float32Array): void {
  const at = values.findIndex((value, i) => Math.abs(value) === Infinity && Number.isFinite(wide[i]))
  if (at >= 0) throw new TooLarge(name, wide[at] ?? NaN, 'f32')
}

export const hashOf = (...facts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 16)

function bySource(tensors: readonly SourceTensor[]): ReadonlyMap<string, readonly SourceTensor[]> {
  const files = new Map<string, SourceTensor[]>()
  for (const tensor of tensors) files.set(tensor.file, [...(files.get(tensor.file) ?? []), tensor])
  return files
}

const nameOf = (source: string, tensors: readonly SourceTensor[], as: NarrowFloat | null): string =>
  `${stemOf(source, tensors, as)}${stateOf(source)}.safetensors`

function stemOf(source: string, tensors: readonly SourceTensor[], as: NarrowFloat | null): string {
  const table = tensors.map((t) => [
    t.name,
    t.dtype,
    t.shape,
    ...(isStored(t) ? [t.offset] : [t.start, t.strides]),
  ])
  const name = basename(source).replace(/\.[^.]*$/, '')
  return `${name}.${as ?? 'f32'}.${hashOf(version, realpathSync(source), as, table)}.`
}

/** The time of a file's last change (ctime) moves with every write to it and cannot be set. */
export function stateOf(source: string): string {
  const { size, ino, mtimeNs, ctimeNs } = statSync(source, { bigint: true })
  return hashOf(...[size, ino, mtimeNs, ctimeNs].map(String))
}

async function openWhole(file: string): Promise<ReadonlyMap<string, StoredTensor> | undefined> {
  if (!existsSync(file)) return undefined
  try {
    return (await openSafetensors(file)).tensors
  } catch (error) {
    if (error instanceof WeightsError) return undefined
    throw error
  }
}

/** Removes what was converted of an earlier state of the same weights, and parts that were never finished. */
function removeOutdated(folder: string, stem: string, current: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(stem) || name === current) continue
    const path = join(folder, name)
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? {}
    const finished = name.endsWith('.safetensors')
    if (finished || (mtimeMs !== undefined && Date.now() - mtimeMs > abandoned)) rmSync(path, { force: true })
  }
}

import type { TensorType } from '../graph/types.js'
import { type OnnxModel, type Reading, readModel } from './model.js'
import { OnnxProblem, together, unsupported } from './problem.js'
import { readsOf } from './reads.js'

/** How files that are not text are seen. Paths are the user's, relative to the project root. */
export interface BinaryFiles {
  /** Where a path leads, links followed, and its bytes; undefined where nothing is. */
  stat(path: string): { readonly real: string; readonly size: number } | undefined
  bytes(path: string, start: number, length: number): Uint8Array
  /** Where the directory or file lies that `from` names, as a path of these files; undefined where nothing is. */
  locate(from: string): string | undefined
  /** SHA-256 of a file's bytes, as hexadecimal digits. */
  sha256(path: string): string
}

/** A weight of a model: a place in a file, or, where the bytes must be converted first, none. */
export interface OnnxWeight {
  readonly name: string
  readonly type: TensorType
  readonly place: { readonly path: string; readonly offset: number; readonly length: number } | undefined
  /** The nodes that read it for what the model gives. */
  readonly readers: readonly string[]
  /** Nothing that the model gives is computed from it. */
  readonly idle: boolean
}

export interface OpenedModel {
  readonly model: OnnxModel
  readonly weights: readonly OnnxWeight[]
}

/** protobuf's own limit. */
const largestFile = 2 ** 31

/**
 * Opens an ONNX file; undefined where there is none. Weights stay where they lie. Data in other files must lie in the
 * model's own folder, also once links are followed, and be as long as the model says. Throws OnnxProblem.
 */
export function openModel(
  path: string,
  files: BinaryFiles,
  check?: Reading['check'],
): OpenedModel | undefined {
  const found = files.stat(path)
  if (!found) return undefined
  if (found.size >= largestFile) return unsupported(`it has ${found.size} bytes, an ONNX file at most 2^31`)
  const folder = folderOf(path)
  const homes = [folderOf(found.real), files.stat(folder === '' ? '.' : folder)?.real ?? '']
  const external = (location: string, offset: number, length: number): string =>
    inside(location, offset + length, folder, homes, files)
  const bytes = files.bytes(path, 0, found.size)
  const model = readModel(bytes, {
    external: (location, offset, length) => files.bytes(external(location, offset, length), offset, length),
    ...(check ? { check } : {}),
  })
  const weights: OnnxWeight[] = []
  const reads = readsOf(model)
  together(
    model.parameters.map(({ name, type, place }) => () => {
      const readers = (reads.readers.get(name) ?? []).map(({ what }) => what)
      const weight = { name, type, readers, idle: !reads.used.has(name) }
      if (place.kind === 'typed') weights.push({ ...weight, place: undefined })
      else {
        const { offset, length } = place
        const at = place.kind === 'inline' ? path : external(place.location, offset, length)
        weights.push({ ...weight, place: { path: at, offset, length } })
      }
    }),
  )
  return { model, weights }
}

const folderOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf('/'), 0))

/** The path of an external file, once it is known to lie in one of the folders and to hold `end` bytes. */
function inside(
  location: string,
  end: number,
  folder: string,
  homes: readonly string[],
  files: BinaryFiles,
): string {
  const external = (line: string): never => {
    throw new OnnxProblem('external', [line])
  }
  const parts = location.split(/[/\\]/)
  const shown = JSON.stringify(location.slice(0, 100))
  if (location.includes('\0') || parts[0] === '' || /^[A-Za-z]:/.test(location) || parts.includes('..'))
    return external(`its data lies at ${shown}, outside of its folder`)
  const path = folder === '' ? location : `${folder}/${location}`
  const found = files.stat(path)
  if (!found) return external(`its data file ${shown} is not there`)
  if (!homes.some((home) => found.real.startsWith(`${home}/`)))
    return external(`its data file ${shown} is a link to a place outside of its folder`)
  if (end > found.size) return external(`its data file ${shown} has ${found.size} bytes, ${end} are needed`)
  return path
}

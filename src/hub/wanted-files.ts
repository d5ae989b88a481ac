import { type WeightsFormat, formatOf, weightsAmong } from '../weights/layout.js'

/** A file of a model on the hub, its path with slashes. */
export interface HubFile {
  readonly path: string
  readonly size: number
  /** Of its content: a SHA-256 of large files, git's hash of small ones. */
  readonly hash: string
  readonly large: boolean
}

export interface Selection {
  readonly wanted: readonly HubFile[]
  /** Folders whose weights are left out, since no model reads them. */
  readonly left: readonly string[]
}

/** Settings, vocabularies and licences lie beside weights in small files. */
const companion = /(?:\.json|\.txt|\.model)$|^LICEN[CS]E/
const largestCompanion = 64 * 1024 * 1024

/** Parts of pipelines of diffusers that judge pictures; they are half as large as the rest together. */
const unread = new Set(['safety_checker'])

/**
 * Of all files of a model those that are needed: in each folder its weights, in the first form that is read, with the
 * settings and vocabularies beside them. Other copies of the same weights (of other frameworks, in half precision, as
 * pickles beside safetensors) stay away. `inside` names one folder, or one file, whose folder's settings come too.
 */
export function selectFiles(files: readonly HubFile[], inside: string): Selection {
  const file = files.find(({ path }) => path === inside)
  const top = file ? folderOf(inside) : inside
  const below = files.filter(({ path }) => top === '' || path.startsWith(`${top}/`))
  const wanted: HubFile[] = []
  const left: string[] = []
  for (const [folder, own] of byFolder(below)) {
    if (file && folder !== top) continue
    const weights = new Set(file ? partsOf(baseOf(inside), own) : weightsIn(own))
    const skipped = top === '' && unread.has(baseOf(folder)) && weights.size > 0
    if (skipped) left.push(folder)
    wanted.push(
      ...own.filter(({ path, size }) => {
        const name = baseOf(path)
        if (weights.has(name)) return !skipped
        return companion.test(name) && formatOf(name) === undefined && size <= largestCompanion
      }),
    )
  }
  return { wanted, left }
}

/** Whether a selection holds weights at all. */
export const hasWeights = ({ wanted }: Selection): boolean =>
  wanted.some(({ path }) => formatOf(path) !== undefined)

const folderOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf('/'), 0))
const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

function byFolder(files: readonly HubFile[]): ReadonlyMap<string, readonly HubFile[]> {
  const folders = new Map<string, HubFile[]>()
  for (const file of files) {
    const folder = folderOf(file.path)
    folders.set(folder, [...(folders.get(folder) ?? []), file])
  }
  return folders
}

/** The names of the weight files of a folder: what is read first, and the parts that it is an index of. */
function weightsIn(files: readonly HubFile[]): string[] {
  const names = new Set(files.map(({ path }) => baseOf(path)))
  return weightsAmong((name) => names.has(name)).flatMap((name) => partsOf(name, files))
}

const indexes: readonly (WeightsFormat | undefined)[] = ['safetensors-index', 'torch-index']

/** A weight file; of an index also its parts, `model-00001-of-00002.safetensors`. */
function partsOf(name: string, files: readonly HubFile[]): string[] {
  if (!indexes.includes(formatOf(name))) return [name]
  const whole = name.slice(0, -'.index.json'.length)
  const dot = whole.lastIndexOf('.')
  const [stem, end] = [whole.slice(0, dot), whole.slice(dot)]
  const parts = files
    .map(({ path }) => baseOf(path))
    .filter((part) => part.startsWith(`${stem}-`) && part.endsWith(end) && /-\d+-of-\d+\.\w+$/.test(part))
  return [name, ...parts]
}

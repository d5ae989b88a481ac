import { createHash, randomUUID } from 'node:crypto'
import { existsSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { env } from './onnxruntime.js'
import type { GraphSpec } from '../artefact/graphs.js'
import type { Binding } from '../artefact/link.js'
import { byteSize } from '../graph/types.js'
import { type SafetensorsFile, openSafetensors, writeSafetensors } from '../weights/safetensors.js'
import { WeightsError } from '../weights/weights-error.js'
import { openCache } from '../cache.js'
import { loadGraph } from './executors/load.js'
import type { SessionSettings } from './session.js'
import type { HostArray } from './tensors.js'
import { fileSystemRoot, location } from './weights.js'

/** A stage's prologue: its graph, linked, and the file that holds its results or will. */
export interface Prologue {
  readonly spec: GraphSpec
  readonly model: Uint8Array
  readonly file: string
}

/** Where results of prologues are kept: for all runs of a project, and what follows from a run's own files in its folder. */
export interface PrologueFolders {
  readonly cache: string
  readonly run: string
}

/** Files of the cache that no run has used for so long are removed. */
const keptFor = 30 * 24 * 60 * 60 * 1000

/** Bytes of results that are computed at a time; one alone may be larger. */
const mostBytes = 256e6

/**
 * The file of a prologue's results, named by what they follow from: the graph, the places of the weights that it reads,
 * and what the file system says of their files. Every run, stage and variant with the same finds the same file.
 */
export function prologueFile(
  model: Uint8Array,
  bindings: ReadonlyMap<string, Binding>,
  { cache, run }: PrologueFolders,
): string {
  const hash = createHash('sha256')
    .update(model)
    .update(env.versions.node ?? '')
  const files = [...new Set([...bindings.values()].map((b) => join(fileSystemRoot, b.location)))].sort()
  for (const file of files) {
    const { size, ino, mtimeNs, ctimeNs } = statSync(file, { bigint: true })
    hash.update([file, size, ino, mtimeNs, ctimeNs].join('\n'))
  }
  const own = files.some((file) => relative(resolve(run), file).split(sep)[0] !== '..')
  return join(own ? join(run, 'prologue') : cache, `${hash.digest('hex').slice(0, 32)}.safetensors`)
}

/**
 * Where the results of a prologue lie, by their keys. onnxruntime maps them like frozen weights, so that they need not
 * be held or handed over; what no run has computed before is computed now.
 */
export async function prologueResults(
  { spec, model, file }: Prologue,
  settings: SessionSettings,
  atATime = mostBytes,
): Promise<ReadonlyMap<string, Binding>> {
  const names = namesOf(spec)
  const known = await openWhole(file)
  if (known) utimesSync(file, new Date(), new Date())
  else await compute({ spec, model, file }, names, settings, atATime)
  const { tensors } = known ?? (await openSafetensors(file))
  return new Map(
    spec.outputs.flatMap((output): [string, Binding][] => {
      const stored = tensors.get(names.get(output.name) ?? '')
      if (!stored || output.role.kind !== 'prologue') throw new Error(`${file} has no ${output.name}`)
      const { offset, length } = stored
      return [[output.role.key, { location: location(file), offset, length, dtype: output.dtype }]]
    }),
  )
}

/** The names of results in their file, in which the smallest come first: they share most of their work. */
function namesOf({ outputs }: GraphSpec): ReadonlyMap<string, string> {
  const bySize = [...outputs].sort((a, b) => byteSize(a) - byteSize(b))
  return new Map(bySize.map(({ name }, rank) => [name, String(rank).padStart(6, '0')]))
}

async function compute(
  { spec, model, file }: Prologue,
  names: ReadonlyMap<string, string>,
  settings: SessionSettings,
  atATime: number,
): Promise<void> {
  prepareFolder(dirname(file))
  const graph = await loadGraph(spec, model, settings)
  const parts = partsOf(spec, atATime)
  let values = new Map<string, HostArray>()
  const valueOf = async (name: string): Promise<HostArray> => {
    if (!values.has(name)) {
      const part = parts.find((outputs) => outputs.some((o) => o.name === name))
      const results = await graph.run(() => null, part)
      values = new Map([...results].map(([output, tensor]) => [output.name, tensor.data]))
    }
    const value = values.get(name)
    if (!value) throw new Error(`${spec.file} has no output ${name}`)
    return value
  }
  // runs of this process or another may compute the same
  const own = `${file}.${randomUUID()}`
  try {
    await writeSafetensors(
      own,
      spec.outputs.map(({ name, dtype, shape }) => ({
        name: names.get(name) ?? '',
        dtype,
        shape,
        content: () => valueOf(name),
      })),
    )
    renameSync(own, file)
  } finally {
    rmSync(own, { force: true })
    await graph.release()
  }
}

/** The results in the order in which they are written, as many at a time as are held in memory. */
function partsOf({ outputs }: GraphSpec, atATime: number): readonly GraphSpec['outputs'][] {
  const parts: GraphSpec['outputs'][number][][] = []
  let bytes = Infinity
  for (const output of [...outputs].sort((a, b) => byteSize(a) - byteSize(b))) {
    bytes += byteSize(output)
    if (bytes > atATime) {
      parts.push([])
      bytes = byteSize(output)
    }
    parts.at(-1)?.push(output)
  }
  return parts
}

/** Makes the folder, says that it is no part of a repository, and removes what has not been used for long. */
function prepareFolder(folder: string): void {
  openCache(folder)
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? {}
    const old = mtimeMs !== undefined && Date.now() - mtimeMs > keptFor
    if (old && basename(path) !== '.gitignore') rmSync(path, { force: true })
  }
}

/** A file that was written to its end. */
async function openWhole(file: string): Promise<SafetensorsFile | undefined> {
  if (!existsSync(file)) return undefined
  try {
    return await openSafetensors(file)
  } catch (error) {
    if (error instanceof WeightsError) return undefined
    throw error
  }
}

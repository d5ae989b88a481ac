import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { readFileSync } from '../disk.js'
import { manifestFile } from '../artefact/manifest-version.js'
import { experimentFile, thaw } from '../experiments/frozen.js'
import { changedModelFiles } from '../runtime/model-files.js'

/** What this file reads of a manifest. */
const partSchema = z.object({
  source_map: z.object({ places: z.array(z.string()) }),
  models: z.array(
    z.object({
      from: z.string().nullable(),
      files: z.array(z.object({ name: z.string(), sha256: z.string().nullable() })),
    }),
  ),
})
type Part = z.infer<typeof partSchema>

/** A folder below `compiled/`, and a source, or a file of a model's directory, that was changed after it was compiled. */
export interface LastCompiled {
  readonly folder: string
  readonly changed: string | undefined
  /** `FILE#name` of what it was compiled from, of an ablation. */
  readonly entry?: string
}

/** What was compiled last: the newest of `compiled/<pipeline or ablation>/<target>`. */
export function lastCompiled(root = process.cwd()): LastCompiled | undefined {
  const found = foldersOf(join(root, 'compiled'))
    .flatMap((pipeline) => foldersOf(pipeline))
    .flatMap((folder) => {
      return [manifestFile, experimentFile].flatMap((name) => {
        const manifest = join(folder, name)
        return existsSync(manifest) ? [{ folder, name, manifest, time: statSync(manifest).mtimeMs }] : []
      })
    })
    .sort((a, b) => b.time - a.time)
  const [last] = found
  if (!last) return undefined
  if (last.name === experimentFile) return lastAblation(last.folder, root)
  const data = readPart(last.manifest)
  const changed =
    sourcesOf(data).find((file) => {
      const source = statSync(join(root, file), { throwIfNoEntry: false })
      return source !== undefined && source.mtimeMs > last.time
    }) ?? changedModelFiles(data?.models ?? [], root)[0]
  return { folder: last.folder.slice(root.length + 1), changed }
}

/** Its sources are changed where their texts are. */
function lastAblation(folder: string, root: string): LastCompiled | undefined {
  const frozen = thaw(folder)
  if (!frozen) return undefined
  const changed = Object.entries(frozen.sources).find(
    ([file, text]) => existsSync(join(root, file)) && readFileSync(join(root, file), 'utf8') !== text,
  )
  return {
    folder: folder.slice(root.length + 1),
    changed: changed?.[0],
    ...(frozen.entry === null ? {} : { entry: frozen.entry }),
  }
}

/** Undefined where the manifest is damaged; the run says so. */
function readPart(manifest: string): Part | undefined {
  try {
    return partSchema.parse(JSON.parse(readFileSync(manifest, 'utf8')))
  } catch {
    return undefined
  }
}

function foldersOf(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { withFileTypes: true })
  return entries.flatMap((e) => (e.isDirectory() ? [join(folder, e.name)] : []))
}

/** The files that nodes of the graphs come from. */
function sourcesOf(part: Part | undefined): readonly string[] {
  const places = part?.source_map.places ?? []
  return [...new Set(places.map((place) => place.replace(/(:\d+)*$/, '')))]
}

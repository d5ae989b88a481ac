import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
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
}

/** What was compiled last: the newest of `compiled/<pipeline>/<target>`. */
export function lastCompiled(root = process.cwd()): LastCompiled | undefined {
  const found = foldersOf(join(root, 'compiled'))
    .flatMap((pipeline) => foldersOf(pipeline))
    .flatMap((folder) => {
      const manifest = join(folder, 'manifest.json')
      return existsSync(manifest) ? [{ folder, manifest, time: statSync(manifest).mtimeMs }] : []
    })
    .sort((a, b) => b.time - a.time)
  const [last] = found
  if (!last) return undefined
  const data = readPart(last.manifest)
  const changed =
    sourcesOf(data).find((file) => {
      const source = statSync(join(root, file), { throwIfNoEntry: false })
      return source !== undefined && source.mtimeMs > last.time
    }) ?? changedModelFiles(data?.models ?? [], root)[0]
  return { folder: last.folder.slice(root.length + 1), changed }
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

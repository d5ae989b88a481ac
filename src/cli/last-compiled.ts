import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/** What this file reads of a manifest. */
const partSchema = z.object({ source_map: z.record(z.string(), z.record(z.string(), z.string())) })

/** A folder below `compiled/`, and a source that was changed after it was compiled. */
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
  const changed = sourcesOf(last.manifest).find((file) => {
    const source = statSync(join(root, file), { throwIfNoEntry: false })
    return source !== undefined && source.mtimeMs > last.time
  })
  return { folder: last.folder.slice(root.length + 1), changed }
}

function foldersOf(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { withFileTypes: true })
  return entries.flatMap((e) => (e.isDirectory() ? [join(folder, e.name)] : []))
}

/** The files that nodes of the graphs come from. */
function sourcesOf(manifest: string): readonly string[] {
  const { data } = partSchema.safeParse(JSON.parse(readFileSync(manifest, 'utf8')))
  const places = Object.values(data?.source_map ?? {}).flatMap((nodes) => Object.values(nodes))
  return [...new Set(places.map((place) => place.replace(/(:\d+)*$/, '')))]
}

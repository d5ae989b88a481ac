import { randomUUID } from 'node:crypto'
import {
  type Dirent,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  unlinkSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { readFileSync, writeFor } from '../disk.js'
import type { Artefact } from '../artefact/manifest.js'
import { manifestFile } from '../artefact/manifest-version.js'
import { ownedSchema } from '../artefact/schema.js'
import { notAnArtefact } from '../diagnostics/catalogue/file.js'
import { UserError } from '../diagnostics/diagnostic.js'
import { inside } from '../inside.js'

/**
 * Writes beside the folder and swaps, so that a reader never sees half of it, and so that what stood there goes when
 * the new one stands. Only what an earlier compilation lists as its own is ever removed. Throws UserError.
 */
export function writeArtefact(artefact: Artefact, folder: string): void {
  const place = existsSync(folder) ? realpathSync(folder) : resolve(folder)
  const { own, others } = contentOf(place)
  if (others.length > 0)
    throw new UserError(notAnArtefact({ file: folder, start: 0, end: 0 }, { path: folder, others }))
  const beside = join(dirname(place), `.${basename(place)}-${randomUUID()}`)
  const aside = `${beside}-old`
  try {
    mkdirSync(beside, { recursive: true })
    const manifest = `${JSON.stringify(artefact.manifest, null, 1)}\n`
    for (const [name, content] of [...artefact.files, [manifestFile, manifest] as const])
      writeFor(join(folder, name), inside(beside, name), content)
    swap(beside, place, aside)
  } catch (error) {
    rmSync(beside, { recursive: true, force: true })
    throw error
  }
  if (!existsSync(aside)) return
  for (const file of own) unlinkSync(join(aside, file))
  rmdirSync(aside)
}

/** Removes what a compilation has written into a folder, and the folder if nothing else is in it. */
export function removeArtefact(folder: string): void {
  for (const file of contentOf(folder).own) unlinkSync(join(folder, file))
  if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder)
}

/** Puts a folder in the place of another, which goes aside, or comes back where that fails. */
function swap(made: string, place: string, aside: string): void {
  if (!existsSync(place)) return renameSync(made, place)
  renameSync(place, aside)
  try {
    renameSync(made, place)
  } catch (error) {
    renameSync(aside, place)
    throw error
  }
}

/** What stands in a folder: the files that the manifest of an earlier compilation lists, and all else. */
function contentOf(folder: string): { readonly own: readonly string[]; readonly others: readonly string[] } {
  if (!existsSync(folder)) return { own: [], others: [] }
  if (!statSync(folder).isDirectory()) return { own: [], others: [basename(folder)] }
  const entries = readdirSync(folder, { withFileTypes: true })
  const listed = listedFiles(join(folder, manifestFile))
  const isOwn = (entry: Dirent): boolean => !entry.isDirectory() && listed.has(entry.name)
  const names = (kept: readonly Dirent[]): readonly string[] => kept.map(({ name }) => name).sort()
  return { own: names(entries.filter(isOwn)), others: names(entries.filter((entry) => !isOwn(entry))) }
}

/** The files of an artefact, with its manifest; of what is no manifest none. */
function listedFiles(manifest: string): ReadonlySet<string> {
  try {
    const { files } = ownedSchema.parse(JSON.parse(readFileSync(manifest, 'utf8')))
    return new Set([...Object.keys(files), manifestFile])
  } catch {
    return new Set()
  }
}

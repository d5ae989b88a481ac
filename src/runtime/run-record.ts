import { existsSync, readdirSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { env } from './onnxruntime.js'
import type { Manifest } from '../artefact/manifest.js'
import { changedSinceRun, folderTaken, nothingToResume } from '../diagnostics/catalogue/run.js'
import { type Span, UserError } from '../diagnostics/diagnostic.js'
import { inside } from '../inside.js'
import { parseManifest } from './artefact.js'
import { RunFolder, type RunRecord } from './run-folder.js'
import type { Substitutes } from './substitutes.js'

interface Choice {
  readonly runDir?: string
  readonly resume?: boolean
  readonly seed?: number
}

/** The folder to run in: a fresh one, or with `resume` one that holds a run. Throws UserError. */
export function chooseFolder(
  manifest: Manifest,
  root: string,
  { runDir, resume }: Choice,
  span: Span,
): RunFolder {
  const runs = inside(join(root, 'runs'), manifest.pipeline)
  if (resume) {
    const folder = runDir === undefined ? latest(runs) : new RunFolder(runDir)
    if (!folder?.isRun) {
      throw new UserError(nothingToResume(span, { folder: runDir ?? runs }))
    }
    return folder
  }
  return new RunFolder(runDir ?? freshName(runs))
}

/** Throws UserError where a run cannot begin in a folder because something stands there. */
export function checkFresh(folder: RunFolder, span: Span): void {
  if (!folder.isTaken) return folder.clear()
  throw new UserError(folderTaken(span, { folder: folder.directory, resumable: folder.isRun }))
}

/** What the run of a folder began with; it must be what would be run now. Throws UserError. */
export function readRun(folder: RunFolder, manifest: Manifest, { seed }: Choice, span: Span): RunRecord {
  const { record, manifest: text, directory } = folder
  if (!record || text === undefined) throw new UserError(nothingToResume(span, { folder: directory }))
  const was = parseManifest(text, { file: folder.path('manifest.json'), start: 0, end: 0 })
  const changed = (what: string, was: string, is: string): UserError =>
    new UserError(changedSinceRun(span, { folder: directory, what, was, is }))
  if (was.seed !== manifest.seed) throw changed('seed', `${was.seed}`, `${manifest.seed}`)
  for (const name of Object.keys({ ...was.params, ...manifest.params })) {
    const [before, now] = [was, manifest].map(({ params }) => JSON.stringify(params[name]) ?? 'absent')
    if (before !== now) throw changed(`param \`${name}\``, before ?? '', now ?? '')
  }
  if (was.hash !== manifest.hash) throw changed('compiled pipeline', was.hash, manifest.hash)
  if (seed !== undefined && seed !== record.seed) throw changed('seed', `${record.seed}`, `${seed}`)
  return record
}

export const environment = (
  manifest: Manifest,
  seed: number,
  data: Readonly<Record<string, string>>,
  random: Substitutes,
  initial: RunRecord['initial'],
): RunRecord => ({
  version: 2,
  seed,
  data: { ...data },
  random,
  compiler: manifest.compiler,
  onnxruntime: env.versions.node ?? '',
  node: process.version,
  platform: `${process.platform}-${process.arch}`,
  processor: cpus()[0]?.model ?? '',
  initial,
})

/** The time, so that names sort by age. */
function freshName(runs: string): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
  const names = [time, ...Array.from({ length: 100 }, (_, i) => `${time}-${String(i + 2).padStart(2, '0')}`)]
  return join(runs, names.find((name) => !existsSync(join(runs, name))) ?? time)
}

function latest(runs: string): RunFolder | undefined {
  if (!existsSync(runs)) return undefined
  const folders = readdirSync(runs)
    .sort()
    .reverse()
    .map((name) => new RunFolder(join(runs, name)))
  return folders.find((folder) => folder.isRun)
}

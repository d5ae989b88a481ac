import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readFileSync } from '../disk.js'
import { identity } from '../artefact/identity.js'
import { manifestFile } from '../artefact/manifest-version.js'
import type { Artefact, Manifest } from '../artefact/manifest.js'
import { manifestSchema } from '../artefact/schema.js'
import { graphsOf } from '../artefact/graphs-of.js'
import { unsupportedTarget, unusableArtefact } from '../diagnostics/catalogue/run.js'
import { type Span, UserError } from '../diagnostics/diagnostic.js'
import { sha256 } from '../graph/sha256.js'
import { noDevice } from '../diagnostics/catalogue/target.js'
import { lackOf } from '../providers/lack.js'
import { parsed } from '../json/parsed.js'
import { sessions } from '../targets/sessions.js'

/** What `dcrc compile` wrote, read back, every byte of it as it was written. Throws UserError. */
export function loadArtefact(directory: string): Artefact {
  const file = join(directory, manifestFile)
  const span = { file, start: 0, end: 0 }
  const refuse = (problem: string): never => {
    throw new UserError(unusableArtefact(span, { problem }))
  }
  if (!existsSync(file)) return refuse(`${file} does not exist`)
  const manifest = parseManifest(readFileSync(file, 'utf8'), span)
  const files = new Map<string, Uint8Array>()
  for (const [name, sum] of Object.entries(manifest.files)) {
    const path = join(directory, name)
    if (!existsSync(path)) return refuse(`${path} does not exist`)
    const bytes = readFileSync(path)
    if (sha256(bytes) !== sum) return refuse(`${path} is damaged: it is not as it was compiled`)
    files.set(name, bytes)
  }
  const unlisted = graphFiles(manifest).find((name) => !files.has(name))
  return unlisted === undefined ? { manifest, files } : refuse(`${file} does not list ${unlisted}`)
}

/** Throws UserError where this runner, or this machine, cannot run an artefact. */
export function checkTarget({ target }: Manifest, span: Span): void {
  const known = Object.keys(sessions)
  if (!known.includes(target)) throw new UserError(unsupportedTarget(span, { target, known }))
  const installed = sessions[target]?.installed
  const lack = installed && lackOf(installed)
  if (lack) throw new UserError(noDevice(span, { target, ...lack }))
}

/** A manifest as it was compiled, in a folder of its own or that of a run. Throws UserError. */
export function parseManifest(text: string, span: Span): Manifest {
  const refuse = (problem: string): never => {
    throw new UserError(unusableArtefact(span, { problem: `${span.file} ${problem}` }))
  }
  const json = parsed(text)
  if (json === undefined) return refuse('is not JSON')
  const { data, error } = manifestSchema.safeParse(json)
  if (!data) {
    const [issue] = error.issues
    const where = issue ? `${issue.path.join('.')}: ${issue.message}` : ''
    return refuse(`is no manifest of this version (${where})`)
  }
  const { hash, ...body } = data
  return identity(body) === hash ? data : refuse('is not as it was compiled')
}

function graphFiles(manifest: Manifest): readonly string[] {
  const functions = manifest.exports.flatMap((e) => (e.kind === 'function' ? [e.file] : []))
  return [...new Set([...graphsOf(manifest).map(({ file }) => file), ...functions])]
}

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Artefact, Manifest } from '../artefact/manifest.js'
import { manifestSchema } from '../artefact/schema.js'
import { unsupportedTarget, unusableArtefact } from '../diagnostics/catalogue/run.js'
import { type Span, UserError } from '../diagnostics/diagnostic.js'

/** What `dcrc compile` wrote, read back. Throws UserError. */
export function loadArtefact(directory: string): Artefact {
  const file = join(directory, 'manifest.json')
  const span = { file, start: 0, end: 0 }
  if (!existsSync(file)) throw new UserError(unusableArtefact(span, { problem: `${file} does not exist` }))
  const manifest = parseManifest(readFileSync(file, 'utf8'), span)
  const files = new Map<string, Uint8Array>()
  for (const name of graphFiles(manifest)) {
    const path = join(directory, name)
    if (!existsSync(path)) throw new UserError(unusableArtefact(span, { problem: `${path} does not exist` }))
    files.set(name, readFileSync(path))
  }
  return { manifest, files }
}

/** Throws UserError where this runner cannot run an artefact. */
export function checkTarget({ target }: Manifest, span: Span): void {
  if (target !== 'cpu') throw new UserError(unsupportedTarget(span, { target }))
}

export function parseManifest(text: string, span: Span): Manifest {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new UserError(unusableArtefact(span, { problem: `${span.file} is not JSON` }))
  }
  const { data, error } = manifestSchema.safeParse(json)
  if (data) return data
  const [issue] = error.issues
  const where = issue ? `${issue.path.join('.')}: ${issue.message}` : ''
  throw new UserError(
    unusableArtefact(span, { problem: `${span.file} is no manifest of this version (${where})` }),
  )
}

function graphFiles({ stages, evaluations, exports }: Manifest): readonly string[] {
  const graphs = [
    ...stages.flatMap(({ graphs: g }) => [g.step, g.monitored, g.micro, g.prologue]),
    ...evaluations.flatMap(({ parts }) => parts.map(({ graph }) => graph)),
  ]
  const functions = exports.flatMap((e) => (e.kind === 'function' ? [e.file] : []))
  return [...new Set([...graphs.flatMap((g) => (g ? [g.file] : [])), ...functions])]
}

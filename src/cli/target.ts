import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { readFileSync } from '../disk.js'
import { noCandidate, noFile } from '../diagnostics/catalogue/file.js'
import { UserError } from '../diagnostics/diagnostic.js'
import { closest } from '../diagnostics/suggest.js'
import { DiskFiles } from './files.js'

/** What a command works on: one pipeline of one file. */
export interface Target {
  readonly entry: string
  readonly pipeline?: string
  readonly files: DiskFiles
}

/** `FILE`, `FILE#pipeline`, or nothing for the folder's only pipeline file. */
export function findTarget(argument: string | undefined, root: string = process.cwd()): Target {
  const files = new DiskFiles(root)
  const text = argument ?? onlyCandidate(root)
  const at = text.lastIndexOf('#')
  const entry = (at < 0 ? text : text.slice(0, at)).replace(/^\.\//, '')
  if (files.read(entry) === undefined) return refuse(entry, root)
  return { entry, files, ...(at < 0 ? {} : { pipeline: text.slice(at + 1) }) }
}

/** Tells of a file that cannot be read, and which one was probably meant. */
export function refuse(path: string, root: string = process.cwd()): never {
  const place = path.startsWith('/') ? path : join(root, path)
  const folder = existsSync(place) && statSync(place).isDirectory()
  const beside = existsSync(dirname(place)) ? readdirSync(dirname(place)) : []
  const name = closest(
    basename(path),
    beside.filter((other) => other.endsWith('.dcr')),
  )
  const suggestion = name === undefined ? undefined : join(dirname(path), name)
  throw new UserError(noFile({ file: path, start: 0, end: 0 }, { path, folder, suggestion }))
}

function onlyCandidate(root: string): string {
  const named = packageChoice(root)
  if (named !== undefined) return named
  const texts = readdirSync(root).flatMap((f) =>
    f.endsWith('.dcr') ? [{ file: f, text: readFileSync(join(root, f), 'utf8') }] : [],
  )
  const declaring = (what: RegExp): readonly string[] =>
    texts.flatMap(({ file, text }) => (what.test(text) ? [file] : []))
  const pipelines = declaring(/^\s*pipeline\s/m)
  const candidates = pipelines.length > 0 ? pipelines : declaring(/^\s*ablation\s/m)
  const [only] = candidates
  if (only !== undefined && candidates.length === 1) return only
  throw new UserError(noCandidate({ file: '.', start: 0, end: 0 }, { candidates }))
}

/** The file that `package.json` names under `dcrc`. */
function packageChoice(root: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const choice = typeof parsed === 'object' && parsed !== null && 'dcrc' in parsed ? parsed.dcrc : undefined
    return typeof choice === 'string' ? choice : undefined
  } catch {
    return undefined
  }
}

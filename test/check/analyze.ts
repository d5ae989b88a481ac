import { Diagnostics } from '../../src/diagnostics/diagnostic.js'
import { loadProgram } from '../../src/compiler/2-resolve/program.js'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type AblationAnalysis, analyzeAblations } from '../../src/compiler/ablations.js'
import { checkFile } from '../../src/compiler/check-file.js'
import { type Analysis, type Request, analyze } from '../../src/compiler/index.js'
import { render } from '../../src/diagnostics/render.js'
import { DiskBinaryFiles } from '../../src/runtime/binary-files.js'

const pipelines = fileURLToPath(new URL('../../pipelines', import.meta.url))
/** Where the ONNX files lie that tests name. */
const fixtures = fileURLToPath(new URL('../oracle/fixtures', import.meta.url))
const libraryPaths = readdirSync(join(pipelines, 'std'))
  .sort()
  .map((name) => `std/${name}`)
const library = new Map<string, string | undefined>()

/** The text of a library file, `std/nn.dcr`; undefined when there is none. */
export function readLibrary(path: string): string | undefined {
  if (!library.has(path))
    library.set(
      path,
      attempt(() => readFileSync(join(pipelines, path), 'utf8')),
    )
  return library.get(path)
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}

/** The files of a program, the first being its entry; a text alone is `main.dcr`. */
export type Sources = string | Readonly<Record<string, string>>

export const filesOf = (sources: Sources): Readonly<Record<string, string>> =>
  typeof sources === 'string' ? { 'main.dcr': sources } : sources

/** Analyses a program whose files are given, over the real library. */
export function analyzeSources(
  sources: Sources,
  settings: Readonly<Record<string, string>> = {},
  pipeline?: string,
): Analysis {
  const request = { ...requestOf(sources), settings: new Map(Object.entries(settings)) }
  return analyze({ ...request, ...(pipeline === undefined ? {} : { pipeline }) })
}

/** The same for the ablations of the entry file. */
export function analyzeAblationsOf(sources: Sources): AblationAnalysis & Pick<Analysis, 'program'> {
  const request = requestOf(sources)
  const loading = new Diagnostics()
  const program = loadProgram(request.entry, request.files, loading)
  if (loading.hasErrors) return { program, diagnostics: loading.all, ablations: [] }
  return { program, ...analyzeAblations(program, request) }
}

/** What is said of a file without a pipeline. */
export function checkLibrary(sources: Sources): Pick<Analysis, 'diagnostics' | 'program'> {
  const request = requestOf(sources)
  return {
    program: loadProgram(request.entry, request.files, new Diagnostics()),
    diagnostics: checkFile(request),
  }
}

export function requestOf(sources: Sources): Request {
  const files = filesOf(sources)
  const [entry = 'main.dcr'] = Object.keys(files)
  return {
    entry,
    files: {
      library: () => libraryPaths,
      read: (path) => files[path] ?? (path.startsWith('std/') ? readLibrary(path) : undefined),
      // weights are not looked for: whether they are there is no mistake of a text
      binary: Object.assign(new DiskBinaryFiles(fixtures), { locate: (from: string) => from }),
    },
  }
}

/** What a user reads about a program. */
export function shown(
  sources: Sources,
  { diagnostics, program }: Pick<Analysis, 'diagnostics' | 'program'>,
): string {
  const texts = new Map([...program.files].map(([path, { text }]) => [path, text]))
  for (const [path, text] of Object.entries(filesOf(sources))) texts.set(path, text)
  return render(diagnostics, texts, { color: false, width: 100 })
}

/** `code: message` of each diagnostic, for tests of rules. */
export const problems = (sources: Sources, settings?: Readonly<Record<string, string>>): string[] =>
  analyzeSources(sources, settings).diagnostics.map((d) => `${d.code}: ${d.message}`)

import { type Diagnostic, Diagnostics } from '../diagnostics/diagnostic.js'
import { loadProgram } from './2-resolve/program.js'
import { analyzeAblations } from './ablations.js'
import { type Request, analyze, analyzeProgram } from './analyze.js'

/** All that is wrong in a file: in each of its pipelines, or the one that is asked for, and in its ablations. */
export function checkFile(request: Request): readonly Diagnostic[] {
  if (request.pipeline !== undefined) return analyze(request).diagnostics
  const loading = new Diagnostics()
  const program = loadProgram(request.entry, request.files, loading)
  if (loading.hasErrors) return loading.all
  const analyzed = (asked: Request): readonly Diagnostic[] =>
    analyzeProgram(program, asked, new Diagnostics()).diagnostics
  const { diagnostics, ablations } = analyzeAblations(program, request)
  const declared = program.files.get(request.entry)?.declarations ?? []
  const pipelines = declared.filter((d) => d.kind === 'pipeline').map((d) => d.name.text)
  const several = pipelines.length > 1 || ablations.length > 0
  const found = several
    ? pipelines.flatMap((pipeline) => analyzed({ ...request, pipeline }))
    : analyzed(request)
  const all: Diagnostic[] = []
  for (const d of [...loading.all, ...found, ...diagnostics])
    if (!all.some((other) => sameReport(other, d))) all.push(d)
  return all
}

/** Whether a user would read the same twice. */
export const sameReport = (a: Diagnostic, b: Diagnostic): boolean =>
  a.code === b.code && a.message === b.message && a.span.file === b.span.file && a.span.start === b.span.start

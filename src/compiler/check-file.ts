import { type Diagnostic, Diagnostics } from '../diagnostics/diagnostic.js'
import type { FlatPipeline } from './2-resolve/flatten.js'
import { checkNames } from './2-resolve/check-names.js'
import { loadProgram } from './2-resolve/program.js'
import { builtins } from './3-elaborate/builtins.js'
import { checkUnreached } from './3-elaborate/made-up/check.js'
import { analyzeAblations } from './ablations.js'
import { type Analysis, type Request, analyze, analyzeProgram } from './analyze.js'

/**
 * All that is wrong in a file: in each of its pipelines, or the one that is asked for, in its ablations unless they are
 * left out, and in what none of them reaches.
 */
export function checkFile(
  request: Request,
  { ablations: wanted = true }: { readonly ablations?: boolean } = {},
): readonly Diagnostic[] {
  if (request.pipeline !== undefined) return analyze(request).diagnostics
  const loading = new Diagnostics()
  const program = loadProgram(request.entry, request.files, loading)
  if (loading.hasErrors) return loading.all
  const analyzed = (asked: Request): Analysis => analyzeProgram(program, asked, new Diagnostics())
  const { diagnostics, ablations } = wanted
    ? analyzeAblations(program, request)
    : { diagnostics: [], ablations: [] }
  const declared = program.files.get(request.entry)?.declarations ?? []
  const pipelines = declared.filter((d) => d.kind === 'pipeline').map((d) => d.name.text)
  const analyses = pipelines.map((pipeline) => analyzed({ ...request, pipeline }))
  const found = new Diagnostics()
  // a file without a pipeline is a library
  if (pipelines.length === 0) checkNames(program, noItems(request.entry), builtins, found)
  for (const d of [...loading.all, ...analyses.flatMap((a) => a.diagnostics), ...diagnostics]) found.add(d)
  const ran = [...analyses, ...ablations.flatMap(({ runs }) => runs.map((run) => run.analysis))]
  const checked = ran.flatMap((a) => a.checked ?? [])
  if (checked.length > 0 || !found.hasErrors) checkUnreached(program, checked, found)
  return found.all
}

/** A pipeline of nothing, for files that only declare what others use. */
export const noItems = (file: string): FlatPipeline => ({
  name: '',
  span: { file, start: 0, end: 0 },
  lineage: [],
  items: new Map(),
  stages: [],
  nexts: new Map(),
  removed: new Map(),
  exports: [],
  allowed: [],
})

/** Whether a user would read the same twice. */
export const sameReport = (a: Diagnostic, b: Diagnostic): boolean =>
  a.code === b.code && a.message === b.message && a.span.file === b.span.file && a.span.start === b.span.start

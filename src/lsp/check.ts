import { analyze } from '../compiler/analyze.js'
import type { PipelineDeclaration } from '../compiler/1-parse/syntax.js'
import { type FlatPipeline, flatten } from '../compiler/2-resolve/flatten.js'
import { checkNames } from '../compiler/2-resolve/names.js'
import { type Files, type Program, loadProgram } from '../compiler/2-resolve/program.js'
import { checkStatics } from '../compiler/3-elaborate/check.js'
import { builtins } from '../compiler/3-elaborate/builtins.js'
import { absentModel } from '../diagnostics/catalogue/config.js'
import { type Diagnostic, Diagnostics } from '../diagnostics/diagnostic.js'

/** The pipelines that a file declares. */
export const pipelinesOf = (program: Program): readonly PipelineDeclaration[] =>
  (program.files.get(program.entry)?.declarations ?? []).filter((d) => d.kind === 'pipeline')

/** A pipeline of nothing, for files that only declare what others use. */
export const noItems = (file: string): FlatPipeline => ({
  name: '',
  span: { file, start: 0, end: 0 },
  items: new Map(),
  stages: [],
  nexts: new Map(),
  removed: new Map(),
  exports: [],
  allowed: [],
})

/** What can be said at every key stroke: syntax, names, and the types of params, data sets and models. */
export function quickCheck(entry: string, files: Files): readonly Diagnostic[] {
  const diagnostics = new Diagnostics()
  const program = loadProgram(entry, files, diagnostics)
  if (diagnostics.hasErrors) return diagnostics.all
  const named = pipelinesOf(program)
  if (named.length === 0) checkNames(program, noItems(entry), builtins, diagnostics)
  for (const { name } of named) {
    const pipeline = flatten(program, name.text, diagnostics)
    if (!pipeline) continue
    checkNames(program, pipeline, builtins, diagnostics)
    if (!diagnostics.hasErrors) checkStatics(program, pipeline, new Map(), diagnostics)
  }
  return diagnostics.all
}

/** All that `dcrc check` says about a file, for each of its pipelines. */
export function fullCheck(entry: string, files: Files): readonly Diagnostic[] {
  const diagnostics = new Diagnostics()
  const named = pipelinesOf(loadProgram(entry, files, new Diagnostics()))
  if (named.length === 0) return quickCheck(entry, files)
  for (const { name } of named)
    for (const d of analyze({ entry, pipeline: name.text, files }).diagnostics)
      // which weights have been fetched is no matter of the text
      if (d.code !== absentModel.code) diagnostics.add(d)
  return diagnostics.all
}

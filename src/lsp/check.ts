import { checkFile, noItems } from '../compiler/check-file.js'
import type { PipelineDeclaration } from '../compiler/1-parse/syntax.js'
import { flatten } from '../compiler/2-resolve/flatten.js'
import { checkNames } from '../compiler/2-resolve/check-names.js'
import { type Files, type Program, loadProgram } from '../compiler/2-resolve/program.js'
import { checkStatics } from '../compiler/3-elaborate/check.js'
import { builtins } from '../compiler/3-elaborate/builtins.js'
import { absentModel } from '../diagnostics/catalogue/config.js'
import { type Diagnostic, Diagnostics } from '../diagnostics/diagnostic.js'

/** The pipelines that a file declares. */
export const pipelinesOf = (program: Program): readonly PipelineDeclaration[] =>
  (program.files.get(program.entry)?.declarations ?? []).filter((d) => d.kind === 'pipeline')

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

/** All that `dcrc check` says about a file, but for its ablations. */
export const fullCheck = (entry: string, files: Files): readonly Diagnostic[] =>
  // which weights have been fetched is no matter of the text
  checkFile({ entry, files }, { ablations: false }).filter((d) => d.code !== absentModel.code)

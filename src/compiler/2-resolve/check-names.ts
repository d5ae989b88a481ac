import { unknownName } from '../../diagnostics/catalogue/name.js'
import type { Diagnostics, Span } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import type { Declaration } from '../1-parse/syntax.js'
import { checkClauses } from './check-clauses.js'
import { isValueClause } from './clauses.js'
import { allClauses } from './flat-stage.js'
import type { FlatPipeline } from './flatten.js'
import { followDeclaration, followVaried } from './names/declarations.js'
import { FreeNames, type OnName, clauseNamesUsed, itemNamesUsed } from './names/free.js'
import type { Program } from './program.js'

/** What has a name without any declaration. */
export interface Builtins {
  readonly names: readonly string[]
  /** Names that mean something as the initial value of a parameter only. */
  readonly initialValues: readonly string[]
}

/** The words of other languages for values of this one. */
const foreignValues: Readonly<Record<string, string>> = {
  True: 'true',
  False: 'false',
  null: 'none',
  nil: 'none',
  undefined: 'none',
}

const startOf = (span: Span): Span => ({ ...span, end: span.start })
const endOf = (span: Span): Span => ({ ...span, start: span.end })

/** Reports names that nothing declares, also in functions that nothing calls. Library files are not looked at. */
export function checkNames(
  program: Program,
  pipeline: FlatPipeline,
  builtins: Builtins,
  diagnostics: Diagnostics,
): void {
  const prelude = program.scopes.get(program.prelude) ?? new Map<string, unknown>()
  const everywhere = [...builtins.names, ...prelude.keys()]
  const own = new Set(pipeline.items.keys())
  const suggestions = new Map<string, string | undefined>()
  const suggest = (name: string, known: () => Iterable<string>): string | undefined => {
    // a text full of unknown names is no text with slips
    if (!suggestions.has(name) && suggestions.size < 50) suggestions.set(name, closest(name, known()))
    return suggestions.get(name)
  }
  const report = (file: string, items: ReadonlySet<string>): OnName => {
    const known = new Set([...(program.scopes.get(file)?.keys() ?? []), ...everywhere])
    return (name, span, what, locals = []) => {
      if (known.has(name) || items.has(name)) return
      // what columns there are is known when the source is looked at
      if (what === 'data' || what === 'column') return
      if (what !== undefined) {
        const { initialValues } = builtins
        if (initialValues.includes(name)) return
        const suggestion = closest(name, initialValues)
        return diagnostics.add(unknownName(span, { name, what, suggestion, known: initialValues }))
      }
      const removed = pipeline.removed.get(name)
      const labels = removed ? [{ span: removed, message: 'removed here' }] : []
      const from = removed ? undefined : program.libraryWith(name)
      if (from !== undefined) {
        const uses = program.files.get(file)?.uses ?? []
        const last = uses.find((use) => use.from === from)?.names.at(-1)
        const fix = last
          ? { span: endOf((last.alias ?? last.name).span), text: `, ${name}` }
          : { span: startOf(uses[0]?.span ?? { file, start: 0, end: 0 }), text: `use ${from} { ${name} }\n` }
        return diagnostics.add(unknownName(span, { name, library: { from, fix } }))
      }
      const near = locals.flatMap((names) => [...names])
      const suggestion = removed
        ? undefined
        : (closest(name, near) ?? foreignValues[name] ?? suggest(name, () => [...items, ...known]))
      const declare = items.size > 0 && locals.length === 0
      diagnostics.add(unknownName(span, { name, suggestion, labels, declare }))
    }
  }
  const reports = new Map<string, OnName>()
  const inPipeline = (file: string): OnName => {
    const known = reports.get(file) ?? report(file, own)
    reports.set(file, known)
    return known
  }
  for (const [path, file] of program.files) {
    if (path.startsWith('std/')) continue
    const onName = report(path, new Set())
    for (const d of file.declarations) checkDeclaration(d, new FreeNames(onName))
  }
  for (const { item, file } of new Set(pipeline.items.values())) {
    // the fields of one `data` may stand in several files
    if (!file.startsWith('std/'))
      itemNamesUsed(item, (name, span, what, locals) => inPipeline(span.file)(name, span, what, locals))
  }
  for (const { item, file } of pipeline.nexts.values())
    if (!file.startsWith('std/')) itemNamesUsed(item, inPipeline(file))
  for (const stage of pipeline.stages) {
    checkClauses(stage, diagnostics)
    for (const { clause, file } of allClauses(stage))
      if (clause.kind !== 'clause' || isValueClause(clause.name.text))
        clauseNamesUsed(clause, inPipeline(file))
  }
}

function checkDeclaration(d: Declaration, names: FreeNames): void {
  // pipelines, and with them what variants change, are looked at once they are flat
  if (d.kind === 'pipeline') return
  if (d.kind !== 'ablation') return followDeclaration(names, d, undefined)
  for (const entry of d.entries)
    if (entry.kind !== 'variant' && entry.kind !== 'primary') followVaried(names, entry, d, undefined)
}

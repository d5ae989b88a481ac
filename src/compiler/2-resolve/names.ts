import { unknownName } from '../../diagnostics/catalogue/name.js'
import type { Diagnostics, Span } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import { childrenOf } from '../1-parse/children.js'
import { patternNames } from '../1-parse/pattern-names.js'
import type {
  Declaration,
  DimSyntax,
  Expression,
  FunctionDeclaration,
  ModuleDeclaration,
  NextItem,
  Parameter,
  ParameterPath,
  Pattern,
  RecordDeclaration,
  StageClause,
  Statement,
  TypeSyntax,
} from '../1-parse/syntax.js'
import { checkClauses } from './check-clauses.js'
import { isValueClause } from './clauses.js'
import { allClauses } from './flat-stage.js'
import type { FlatPipeline, NamedItem } from './flatten.js'
import type { Program } from './program.js'
import { visitRows } from './row-expressions.js'

/**
 * Called at each name that is not a local of the code around it; `what` it names, where that is no value; and the locals
 * that it might have been.
 */
export type OnName = (
  name: string,
  span: Span,
  what?: string,
  locals?: readonly ReadonlySet<string>[],
) => void

/** The name by which a module asks whether it is trained. */
export const mode = 'training'

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
    for (const d of file.declarations) declarationNames(d, onName)
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
      if (clause.kind !== 'clause' || isValueClause(clause.name.text)) namesOfClause(clause, inPipeline(file))
  }
}

function declarationNames(d: Declaration, onName: OnName): void {
  if (d.kind === 'fn') functionNames(d, onName)
  else if (d.kind === 'module') moduleNames(d, onName)
  else if (d.kind === 'record') recordNames(d, onName)
  else if (d.kind === 'let') expressionNames(d.value, onName)
  // what a variant changes is looked at as a pipeline
  else if (d.kind === 'ablation') {
    for (const entry of d.entries) if (entry.kind !== 'variant') expressionNames(entry.values, onName)
  }
}

function recordNames(record: RecordDeclaration, onName: OnName): void {
  const fields = new Set<string>()
  parameterNames(record.fields, onName, fields)
  for (const rule of record.rules) {
    if (rule.kind === 'fixed') expressionNames(rule.values, except(fields, onName))
    else expressionNames(rule.keys, onName)
  }
}

function moduleNames(module: ModuleDeclaration, onName: OnName): void {
  const members = new Set([...module.parameters, ...module.members].map((m) => m.name.text))
  members.add(mode)
  const outer = except(members, onName)
  parameterNames(module.parameters, onName, new Set())
  for (const m of module.members) {
    if (m.kind === 'fn') functionNames(m, outer)
    else if (m.kind === 'field') expressionNames(m.value, outer)
    else {
      typeNames(m.type, outer)
      initialNames(m.init, outer)
    }
    if (m.kind !== 'fn' && m.condition) expressionNames(m.condition, outer)
  }
}

function initialNames(init: Expression, onName: OnName): void {
  const [callee, args] = init.kind === 'call' ? [init.callee, init.arguments] : [init, []]
  if (callee.kind === 'name') onName(callee.name, callee.span, 'initial value')
  else expressionNames(callee, onName)
  for (const a of args) expressionNames(a.value, onName)
}

function functionNames(fn: FunctionDeclaration, onName: OnName): void {
  const locals = new Set<string>()
  parameterNames(fn.parameters, onName, locals)
  if (fn.result) dimNames(fn.result, locals)
  assigned(fn.body, locals)
  expressionNames(fn.body, except(locals, onName))
}

/** Adds the parameters and the dimension names of their types to `locals`. */
function parameterNames(parameters: readonly Parameter[], onName: OnName, locals: Set<string>): void {
  for (const p of parameters) {
    if (p.type) dimNames(p.type, locals)
    if (p.default) expressionNames(p.default, except(locals, onName))
    locals.add(p.name.text)
  }
}

const except =
  (locals: ReadonlySet<string>, onName: OnName): OnName =>
  (name, span, what, inner = []) => {
    if (!locals.has(name)) onName(name, span, what, [...inner, locals])
  }

function dimNames(type: TypeSyntax, locals: Set<string>): void {
  if (type.kind === 'tensor-type') {
    for (const dim of type.dims) {
      if (dim.kind === 'pack') locals.add(dim.name.text)
      else expressionNames(dim.value, (name) => void locals.add(name))
    }
  } else if (type.kind === 'union-type') for (const item of type.items) dimNames(item, locals)
}

function typeNames(type: TypeSyntax, onName: OnName): void {
  const dim = (d: DimSyntax): void => (d.kind === 'dim' ? expressionNames(d.value, onName) : undefined)
  if (type.kind === 'tensor-type') type.dims.forEach(dim)
}

/** The names that a statement sets, or may set. */
export function namesSet(s: Statement): ReadonlySet<string> {
  const names = new Set<string>()
  set(s, names)
  return names
}

function set(s: Statement, names: Set<string>): void {
  const pattern = (p: Pattern): void => patternNames(p).forEach((n) => void names.add(n.text))
  if (s.kind === 'fn') names.add(s.name.text)
  else if (s.kind === 'assign' || s.kind === 'for') pattern(s.pattern)
  if (s.kind === 'assign') assigned(s.value, names)
  if (s.kind === 'for') assigned(s.body, names)
  if (s.kind === 'if-statement') {
    assigned(s.then, names)
    if (s.else) assigned(s.else, names)
  }
}

/** The names that an expression sets, or may set, in the function around it. */
export function namesSetIn(e: Expression): ReadonlySet<string> {
  const names = new Set<string>()
  assigned(e, names)
  return names
}

/** The names that a body binds anywhere: one function is one scope. */
function assigned(e: Expression, locals: Set<string>): void {
  if (e.kind === 'block') {
    e.statements.forEach((s) => set(s, locals))
    if (e.result) assigned(e.result, locals)
  } else if (e.kind === 'if') {
    assigned(e.then, locals)
    if (e.else) assigned(e.else, locals)
  } else if (e.kind === 'match') for (const arm of e.arms) assigned(arm.value, locals)
}

/** The names that an item of a pipeline uses, its own locals left out. */
export function itemNamesUsed(item: NamedItem | NextItem, onName: OnName): void {
  switch (item.kind) {
    case 'fn':
      return functionNames(item, onName)
    case 'data':
      if (item.source)
        visitRows(item.source, {
          data: ({ name, span }) => onName(name, span, 'data'),
          columns: (e) => columnNames(e, onName),
          value: (e) => expressionNames(e, onName),
        })
      if (item.rows) expressionNames(item.rows, onName)
      for (const f of item.fields) typeNames(f.type, onName)
      for (const { value } of [...item.fields, ...item.lets])
        if (value.kind === 'call') for (const a of value.arguments) columnNames(a.value, onName)
      return
    case 'adapter':
      if (item.from) expressionNames(item.from, onName)
      return argumentNames(item.value, onName)
    case 'evaluate': {
      const { value, over, every } = item
      if (every) expressionNames(every.count, onName)
      if (!over) return argumentNames(value, onName)
      expressionNames(over.values, onName)
      return argumentNames(value, except(new Set([over.name.text]), onName))
    }
    case 'model':
      if (item.from) expressionNames(item.from, onName)
      return expressionNames(item.value, onName)
    case 'state':
      if (item.type) typeNames(item.type, onName)
      // `copy` is no name of the file
      if (item.type) return initialNames(item.value, onName)
      if (item.value.kind === 'call') for (const a of item.value.arguments) expressionNames(a.value, onName)
      return
    default: {
      if (item.kind === 'next') onName(item.name.text, item.name.span)
      const locals = new Set<string>()
      assigned(item.value, locals)
      return expressionNames(item.value, except(locals, onName))
    }
  }
}

/** The names in the arguments of a call whose callee is no name of the file: a kind of adapter or evaluation. */
function argumentNames(e: Expression, onName: OnName): void {
  if (e.kind === 'call') for (const a of e.arguments) expressionNames(a.value, onName)
}

/** Names of columns, or of values where there is no such column. */
function columnNames(e: Expression, onName: OnName): void {
  expressionNames(e, (name, span) => onName(name, span, 'column'))
}

function pathNames({ root, segments }: ParameterPath, onName: OnName): void {
  onName(root.text, root.span)
  for (const s of segments) if (s.kind === 'index') expressionNames(s.index, onName)
}

export function namesOfClause(clause: StageClause, onName: OnName): void {
  if (clause.kind === 'allow') return
  if (clause.kind === 'freeze') return clause.paths.forEach((path) => pathNames(path, onName))
  if (clause.kind === 'train') {
    for (const group of clause.groups) {
      for (const path of [group.path, ...group.except]) pathNames(path, onName)
      for (const c of group.where) expressionNames(c.kind === 'kind' ? c.modules : c.value, onName)
      for (const s of group.settings) expressionNames(s.value, onName)
    }
    return
  }
  // what is measured is no value: lowering finds the evaluation and its metric
  if (clause.kind === 'keep') return clause.last && expressionNames(clause.last, onName)
  if (clause.kind === 'stop') return expressionNames(clause.stalls, onName)
  if (clause.kind === 'monitor' && clause.every) expressionNames(clause.every, onName)
  // the name of an optimizer or schedule is no name of the file
  if (clause.kind === 'clause' && (clause.name.text === 'optimizer' || clause.name.text === 'schedule')) {
    if (clause.value.kind === 'call') for (const a of clause.value.arguments) expressionNames(a.value, onName)
    return
  }
  expressionNames(clause.value, onName)
}

function expressionNames(e: Expression, onName: OnName): void {
  switch (e.kind) {
    case 'name':
      return onName(e.name, e.span)
    case 'comprehension':
      expressionNames(e.iterable, onName)
      return expressionNames(e.value, except(new Set(patternNames(e.pattern).map((n) => n.text)), onName))
    case 'block':
      for (const s of e.statements) statementNames(s, onName)
      if (e.result) expressionNames(e.result, onName)
      return
    case 'function':
      return functionNames(e.function, onName)
    case 'pairs':
      for (const { count } of e.over) expressionNames(count, onName)
      return expressionNames(
        e.value,
        except(new Set(e.over.flatMap(({ names }) => names.map((n) => n.text))), onName),
      )
    default:
      for (const child of childrenOf(e)) expressionNames(child, onName)
  }
}

function statementNames(s: Statement, onName: OnName): void {
  if (s.kind === 'fn') functionNames(s, onName)
  else if (s.kind === 'assign') expressionNames(s.value, onName)
  else if (s.kind === 'next') {
    onName(s.name.text, s.name.span)
    expressionNames(s.value, onName)
  } else if (s.kind === 'for') {
    expressionNames(s.iterable, onName)
    expressionNames(s.body, onName)
  } else {
    expressionNames(s.condition, onName)
    expressionNames(s.then, onName)
    if (s.else) expressionNames(s.else, onName)
  }
}

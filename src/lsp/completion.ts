import { type CompletionItem, CompletionItemKind } from 'vscode-languageserver'
import { parse } from '../compiler/1-parse/index.js'
import { scan } from '../compiler/1-parse/scan.js'
import * as t from '../compiler/1-parse/tokens.js'
import type { DataItem, Expression, SyntaxFile, TrainClause } from '../compiler/1-parse/syntax.js'
import { usePath } from '../compiler/2-resolve/program.js'
import {
  type Catalogue,
  type Entry,
  builtinFunctions,
  dataFunctions,
  pluginsAfter,
  rowEntry,
  signatureOf,
  stageClauses,
  updateClauses,
} from './catalogue.js'
import { offeredInData } from './complete-data.js'
import { signature } from './signature.js'
import type { SourceIndex } from './source-index.js'
import { calleeOf, typeOf } from './static-type.js'
import { type SourceSymbol, resolved } from './symbols.js'
import type { Workspace } from './workspace.js'

/** Stands for the word that is being typed, so that the text around it can be read. */
const placeholder = 'the_word_being_typed'

const kinds: Partial<Record<SourceSymbol['kind'], CompletionItemKind>> = {
  fn: CompletionItemKind.Function,
  module: CompletionItemKind.Class,
  record: CompletionItemKind.Struct,
  pipeline: CompletionItemKind.Module,
  parameter: CompletionItemKind.Variable,
  param: CompletionItemKind.Constant,
  'record-field': CompletionItemKind.Field,
  'data-field': CompletionItemKind.Field,
  field: CompletionItemKind.Field,
  weight: CompletionItemKind.Field,
}

/** What can be typed at a place. */
export function completion(workspace: Workspace, path: string, offset: number): readonly CompletionItem[] {
  const text = workspace.read(path) ?? ''
  const { comments, tokens } = scan(path, text)
  if (comments.some(({ span }) => span.start < offset && offset <= span.end)) return []
  const inText = tokens.some(
    (k) => k.image.startsWith('"') && k.startOffset < offset && offset <= k.startOffset + k.image.length - 1,
  )
  if (inText) return []
  const start = offset - (/\w*$/.exec(text.slice(0, offset))?.[0].length ?? 0)
  const end = offset + (/^\w*/.exec(text.slice(offset))?.[0].length ?? 0)
  const line = text.slice(text.lastIndexOf('\n', start - 1) + 1, start)
  const library = /^\s*use\s+((?:\w+\.)*)$/.exec(line)
  if (library) return modulesAfter(workspace, library[1] ?? '')
  const plugins = pluginsAfter(line)
  const ofRows = /\bdata\s+\w+\s*=\s*$/.test(line)
  if (plugins && !ofRows) return [...plugins.values()].map(entryItem)

  const { file } = parse(path, text.slice(0, start) + placeholder + text.slice(end))
  const use = file.uses.find((u) => u.names.some(({ name }) => name.text === placeholder))
  if (use)
    return exportsOf(
      workspace,
      usePath(path, use),
      use.names.map((n) => n.name.text),
    )
  const index = workspace.indexWith(new Map([[path, file]]))
  if (plugins) {
    const data = index.scopeAt(path, start).all()
    const others = data.filter(({ kind, name }) => kind === 'data' && !line.includes(` ${name} `))
    return [...others.map((s) => symbolItem(workspace, s)), ...[...plugins.values()].map(entryItem)]
  }
  return at(workspace, index, file, start, line)
}

function at(
  workspace: Workspace,
  index: SourceIndex,
  file: SyntaxFile,
  start: number,
  line: string,
): readonly CompletionItem[] {
  const scope = index.scopeAt(file.path, start)
  const place = find(file, start)
  if (place.member) {
    const type = typeOf(place.member, scope)
    return type && !type.list ? [...type.of.members.values()].map((s) => symbolItem(workspace, s)) : []
  }
  if (place.trained) return trainedParts(workspace, place.trained, scope.get(place.trained[0] ?? ''))
  const beginsLine = line.trim() === ''
  const inData = place.data && offeredInData(place.data, scope, start, beginsLine)
  if (inData) {
    const { columns, symbols, entries, words: starts } = inData
    const named = place.call ? argumentsOf(workspace, place.call, scope, dataFunctions) : []
    return [
      ...named,
      ...columns,
      ...symbols.map((s) => symbolItem(workspace, s)),
      ...[...entries.values()].map(entryItem),
      ...(starts.length > 0 ? words([t.Let]) : []),
    ]
  }
  if (beginsLine) {
    if (place.clauses) return [...place.clauses.values()].map(entryItem)
    if (place.inAblation) return words([t.Variant, t.Vary, t.Select, t.Seeds, t.Primary])
    if (place.inPipeline)
      return words([
        t.Param,
        t.Data,
        t.Model,
        t.Adapter,
        t.State,
        t.Next,
        t.Let,
        t.Fn,
        t.Loss,
        t.Stage,
        t.Evaluate,
        t.Export,
        t.Allow,
        t.Override,
        t.Remove,
      ])
    if (place.top) return words([t.Use, t.Pipeline, t.Ablation, t.Module, t.RecordWord, t.Fn, t.Let])
  }
  const named = place.call ? argumentsOf(workspace, place.call, scope) : []
  const names = scope.all().map((s) => symbolItem(workspace, s))
  const hidden = new Set(names.map((item) => item.label))
  const builtins = [...builtinFunctions.values()].filter(({ name }) => !hidden.has(name)).map(entryItem)
  return [...named, ...names, ...builtins, ...words([t.Draw, t.If, t.Match, t.True, t.False, t.None, t.Not])]
}

type Call = Expression & { kind: 'call' }

interface Place {
  /** The object before the dot. */
  member?: Expression
  /** The path of a `train` clause before the dot. */
  trained?: readonly string[]
  call?: Call
  /** Those that may stand there. */
  clauses?: Catalogue
  data?: DataItem
  inPipeline: boolean
  inAblation: boolean
  top: boolean
}

/** What the placeholder that starts at an offset stands in. */
function find(file: SyntaxFile, start: number): Place {
  const place: Place = { inPipeline: false, inAblation: false, top: true }
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    if (Array.isArray(node)) return node.forEach(visit)
    if ('span' in node) {
      const span = node.span as { start: number; end: number }
      if (start < span.start || start > span.end) return
    }
    if ('kind' in node) see(node as { readonly kind: string })
    for (const child of Object.values(node)) visit(child)
  }
  const see = (node: { readonly kind: string }): void => {
    place.top = false
    if (node.kind === 'field' && 'object' in node) {
      const field = node as Expression & { kind: 'field' }
      if (field.name.text === placeholder) place.member = field.object
    } else if (node.kind === 'call') {
      const call = node as Call
      if (start > call.callee.span.end) place.call = call
    } else if (node.kind === 'stage') place.clauses = stageClauses
    else if (node.kind === 'update') place.clauses = updateClauses
    else if (node.kind === 'data') place.data = node as DataItem
    else if (node.kind === 'pipeline') place.inPipeline = true
    else if (node.kind === 'ablation') place.inAblation = true
    // what a variant changes is written as in a pipeline
    else if (node.kind === 'variant') {
      place.inAblation = false
      place.inPipeline = true
    } else if (node.kind === 'train') {
      const { groups } = node as TrainClause
      for (const { path } of groups) {
        const names = path.segments.flatMap((s) =>
          s.kind === 'field' ? [s.name.text] : s.kind === 'index' ? ['[]'] : ['*'],
        )
        const here = names.indexOf(placeholder)
        if (here >= 0) place.trained = [path.root.text, ...names.slice(0, here)]
      }
    }
  }
  visit(file.declarations)
  return place
}

function trainedParts(
  workspace: Workspace,
  [, ...segments]: readonly string[],
  root: SourceSymbol | undefined,
): readonly CompletionItem[] {
  let type = root?.type()
  for (const name of segments) {
    if (name === '[]' || name === '*') type = type?.list === true ? { of: type.of, list: false } : undefined
    else type = type && !type.list ? type.of.members.get(name)?.type() : undefined
  }
  const parts = type && !type.list ? [...type.of.members.values()] : []
  return parts
    .filter((s) => s.kind === 'weight' || (s.kind === 'field' && s.type() !== undefined))
    .map((s) => symbolItem(workspace, s))
}

/** Parameters of what is called that are not given yet, as `name = `. */
function argumentsOf(
  workspace: Workspace,
  call: Call,
  scope: Parameters<typeof calleeOf>[1],
  own?: Catalogue,
): readonly CompletionItem[] {
  const given = new Set(call.arguments.map((a) => a.name?.text))
  const callee = own ? undefined : calleeOf(call.callee, scope)
  const argument = (name: string, detail: string): CompletionItem => ({
    label: `${name} = `,
    filterText: name,
    sortText: `0 ${name}`,
    kind: CompletionItemKind.Property,
    detail,
  })
  if (callee) {
    return [...callee.members.values()]
      .filter((s) => (s.kind === 'parameter' || s.kind === 'record-field') && !given.has(s.name))
      .map((s) => argument(s.name, signature(workspace, s)))
  }
  const entry =
    call.callee.kind === 'name'
      ? (own?.get(call.callee.name) ?? pluginOf(workspace, call, call.callee.name))
      : undefined
  return (entry?.parameters ?? []).filter((p) => !given.has(p.name)).map((p) => argument(p.name, p.doc ?? ''))
}

/** The plug-in or function of the language that a call names. */
function pluginOf(workspace: Workspace, call: Call, name: string): Entry | undefined {
  const text = workspace.read(call.span.file) ?? ''
  const line = text.slice(text.lastIndexOf('\n', call.span.start - 1) + 1, call.span.start)
  return pluginsAfter(line)?.get(name) ?? rowEntry(line, name) ?? builtinFunctions.get(name)
}

function modulesAfter(workspace: Workspace, typed: string): readonly CompletionItem[] {
  return workspace
    .libraryModules()
    .filter((name) => name.startsWith(typed))
    .map((name) => ({ label: name.slice(typed.length), kind: CompletionItemKind.Module, detail: name }))
}

function exportsOf(workspace: Workspace, path: string, used: readonly string[]): readonly CompletionItem[] {
  return workspace.index
    .symbolsOf(path)
    .filter((s) => !used.includes(s.name))
    .map((s) => symbolItem(workspace, s))
}

function symbolItem(workspace: Workspace, found: SourceSymbol): CompletionItem {
  const of = resolved(found)
  const doc = of.declaration && 'doc' in of.declaration ? of.declaration.doc : undefined
  return {
    label: found.name,
    kind: kinds[of.kind] ?? CompletionItemKind.Variable,
    detail: signature(workspace, of),
    sortText: `${of.span.file.startsWith('std/') ? 2 : 1} ${found.name}`,
    ...(doc === undefined ? {} : { documentation: { kind: 'markdown', value: doc } }),
  }
}

const entryItem = (entry: Entry): CompletionItem => ({
  label: entry.name,
  kind: entry.parameters.length > 0 ? CompletionItemKind.Function : CompletionItemKind.Keyword,
  detail: signatureOf(entry),
  documentation: { kind: 'markdown', value: entry.doc },
  sortText: `3 ${entry.name}`,
})

const words = (types: readonly { readonly LABEL?: string | undefined }[]): readonly CompletionItem[] =>
  types.map(({ LABEL = '' }) => {
    const label = LABEL.replaceAll('`', '')
    return { label, kind: CompletionItemKind.Keyword, sortText: `4 ${label}` }
  })

import {
  extendsCycle,
  extendsTooLong,
  needsOverride,
  noPipeline,
  notAPipeline,
  nothingToOverride,
  nothingToRemove,
  severalPipelines,
} from '../../diagnostics/catalogue/pipeline.js'
import { duplicateName } from '../../diagnostics/catalogue/name.js'
import type { Diagnostics, Span } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import type {
  AdapterItem,
  Allow,
  DataItem,
  EvaluateItem,
  ExportItem,
  FunctionDeclaration,
  Identifier,
  LetDeclaration,
  LossItem,
  ModelItem,
  NextItem,
  ParamItem,
  PipelineDeclaration,
  StageItem,
  StateItem,
} from '../1-parse/syntax.js'
import { patternNames } from '../1-parse/pattern-names.js'
import { type FlatStage, flatStage } from './flat-stage.js'
import type { Program } from './program.js'

/** A pipeline with everything it extends taken in: one flat set of declarations, each with the file it came from. */
export interface FlatPipeline {
  readonly name: string
  readonly span: Span
  /** The declarations that it is made of, whole: what it extends before itself. One that changes nothing is left out. */
  readonly lineage: readonly Span[]
  /** Under every name it declares (a tuple `let` has several). */
  readonly items: ReadonlyMap<string, FlatItem>
  /** The next values of its states, by the state's name. */
  readonly nexts: ReadonlyMap<string, FlatNext>
  /** In source order; a stage of the base comes before an added one. */
  readonly stages: readonly FlatStage[]
  /** Names that a `remove` took away, and where. */
  readonly removed: ReadonlyMap<string, Span>
  readonly exports: readonly { readonly model: Identifier; readonly inherited: boolean }[]
  /** Warnings that are meant, in all stages; those of one stage are among its clauses. */
  readonly allowed: readonly { readonly allow: Allow; readonly inherited: boolean }[]
}

export type NamedItem =
  | ParamItem
  | DataItem
  | ModelItem
  | AdapterItem
  | StateItem
  | LetDeclaration
  | FunctionDeclaration
  | LossItem
  | EvaluateItem

export interface FlatItem {
  readonly item: NamedItem
  readonly file: string
  readonly inherited: boolean
}

export interface FlatNext {
  readonly item: NextItem
  readonly file: string
  readonly inherited: boolean
}

/** Picks the pipeline of the entry file (`name`, or its only one) and flattens it. */
export function flatten(
  program: Program,
  name: string | undefined,
  diagnostics: Diagnostics,
): FlatPipeline | undefined {
  const file = program.files.get(program.entry)
  const start: Span = { file: program.entry, start: 0, end: 0 }
  const all = (file?.declarations ?? []).filter((d): d is PipelineDeclaration => d.kind === 'pipeline')
  const known = all.map((p) => p.name.text)
  const chosen = name === undefined ? all[0] : all.find((p) => p.name.text === name)
  if (!chosen) {
    const ablations = (file?.declarations ?? []).flatMap((d) => (d.kind === 'ablation' ? [d.name.text] : []))
    diagnostics.add(noPipeline(start, { wanted: name, known, ablations }))
    return undefined
  }
  if (name === undefined && all.length > 1) {
    diagnostics.add(severalPipelines(chosen.name.span, { file: program.entry, known }))
    return undefined
  }
  return flattenPipeline(program, chosen, program.entry, diagnostics)
}

/** Pipelines that one is made of; the methods of a paper and their ablations are three or four. */
const mostExtends = 100

/** A pipeline that stands in `file`, with all that it extends; `above` are those that extend it. */
export function flattenPipeline(
  program: Program,
  pipeline: PipelineDeclaration,
  file: string,
  diagnostics: Diagnostics,
  above: readonly PipelineDeclaration[] = [],
): FlatPipeline | undefined {
  if (above.includes(pipeline)) {
    const names = [...above.slice(above.indexOf(pipeline)), pipeline].map((p) => p.name.text)
    diagnostics.add(extendsCycle(pipeline.name.span, { names }))
    return undefined
  }
  if (above.length > mostExtends) {
    const [first = pipeline] = above
    diagnostics.add(extendsTooLong(first.name.span, { name: first.name.text, most: mostExtends }))
    return undefined
  }
  let base: FlatPipeline | undefined
  if (pipeline.extends) {
    const found = program.scopes.get(file)?.get(pipeline.extends.text)
    if (found?.declaration.kind !== 'pipeline') {
      diagnostics.add(notAPipeline(pipeline.extends.span, { name: pipeline.extends.text }))
      return undefined
    }
    base = flattenPipeline(program, found.declaration, found.file, diagnostics, [...above, pipeline])
    if (!base) return undefined
  }
  return merge(base, pipeline, file, diagnostics)
}

/** Removals and overrides apply as a set on what is inherited; then additions join. */
function merge(
  base: FlatPipeline | undefined,
  pipeline: PipelineDeclaration,
  file: string,
  diagnostics: Diagnostics,
): FlatPipeline {
  const items = new Map<string, FlatItem>()
  for (const [name, item] of base?.items ?? []) items.set(name, { ...item, inherited: true })
  const nexts = new Map<string, FlatNext>()
  for (const [name, next] of base?.nexts ?? []) nexts.set(name, { ...next, inherited: true })
  let stages: FlatStage[] = (base?.stages ?? []).map((s) => ({ ...s, inherited: true }))
  const removed = new Map(base?.removed)
  let exports = (base?.exports ?? []).map((e) => ({ ...e, inherited: true }))
  let allowed = (base?.allowed ?? []).map((a) => ({ ...a, inherited: true }))

  for (const item of pipeline.items) {
    if (item.kind !== 'remove') continue
    const { text: name } = item.name
    const kind = item.what.text
    const unnamed = { export: exports.map((e) => e.model.text), allow: allowed.map((a) => a.allow.code.text) }
    const known =
      kind === 'stage'
        ? stages.map((s) => s.name.text)
        : kind === 'export' || kind === 'allow'
          ? unnamed[kind]
          : kind === 'next'
            ? [...nexts.keys()]
            : [...items].filter(([, f]) => f.item.kind === kind).map(([n]) => n)
    if (!known.includes(name)) {
      const other = otherKind(name, items, stages)
      diagnostics.add(nothingToRemove(item.span, { kind, name, suggestion: closest(name, known), other }))
    } else if (kind === 'stage') stages = stages.filter((s) => s.name.text !== name)
    else if (kind === 'export') exports = exports.filter((e) => e.model.text !== name)
    else if (kind === 'next') nexts.delete(name)
    else if (kind === 'allow') allowed = allowed.filter((a) => a.allow.code.text !== name)
    else {
      items.delete(name)
      removed.set(name, item.span)
    }
  }
  for (const item of pipeline.items) {
    if (item.kind === 'remove') continue
    if (item.kind === 'export') addExports(item, exports, diagnostics)
    else if (item.kind === 'allow') allowed = [...allowed, { allow: item, inherited: false }]
    else if (item.kind === 'next') addNext(item, file, nexts, diagnostics)
    else if (item.kind === 'stage') stages = addStage(item, file, stages, items, diagnostics)
    else addItem(item, file, items, stages, diagnostics)
  }
  const { text: name, span } = pipeline.name
  const lineage = [...(base?.lineage ?? []), ...(pipeline.items.length > 0 ? [pipeline.span] : [])]
  return { name, span, lineage, items, nexts, stages, removed, exports, allowed }
}

function addNext(item: NextItem, file: string, nexts: Map<string, FlatNext>, diagnostics: Diagnostics): void {
  const { text: name, span } = item.name
  const existing = nexts.get(name)
  if (item.override && !existing?.inherited) {
    const known = [...nexts].flatMap(([n, { inherited }]) => (inherited ? [n] : []))
    return diagnostics.add(
      nothingToOverride(span, { kind: 'next', name, suggestion: closest(name, known), other: undefined }),
    )
  }
  if (!item.override && existing) {
    const { span: first } = existing.item
    return diagnostics.add(
      existing.inherited
        ? needsOverride(span, { kind: 'next', name, inherited: first, declaration: item.span })
        : duplicateName(span, { name, first }),
    )
  }
  nexts.set(name, { item, file, inherited: false })
}

function addExports(
  item: ExportItem,
  exports: { model: Identifier; inherited: boolean }[],
  diagnostics: Diagnostics,
): void {
  for (const model of item.models) {
    const first = exports.find((e) => e.model.text === model.text)
    if (first && !first.inherited)
      diagnostics.add(duplicateName(model.span, { name: model.text, first: first.model.span }))
    else if (!first) exports.push({ model, inherited: false })
  }
}

function addStage(
  item: StageItem,
  file: string,
  stages: readonly FlatStage[],
  items: ReadonlyMap<string, FlatItem>,
  diagnostics: Diagnostics,
): FlatStage[] {
  const existing = stages.find((s) => s.name.text === item.name.text)
  if (item.override) {
    if (!existing?.inherited) {
      const known = stages.map((s) => s.name.text)
      diagnostics.add(
        nothingToOverride(item.name.span, {
          kind: 'stage',
          name: item.name.text,
          suggestion: closest(item.name.text, known),
          other: otherKind(item.name.text, items, stages),
        }),
      )
      return [...stages]
    }
    return stages.map((s) => (s === existing ? flatStage(item, existing, file, diagnostics) : s))
  }
  const other = items.get(item.name.text)?.item
  const first = existing?.span ?? other?.span
  if (first) {
    diagnostics.add(
      existing?.inherited
        ? needsOverride(item.name.span, {
            kind: 'stage',
            name: item.name.text,
            inherited: first,
            declaration: item.span,
          })
        : duplicateName(item.name.span, { name: item.name.text, first }),
    )
    return [...stages]
  }
  return [...stages, flatStage(item, undefined, file, diagnostics)]
}

function addItem(
  item: NamedItem,
  file: string,
  items: Map<string, FlatItem>,
  stages: readonly FlatStage[],
  diagnostics: Diagnostics,
): void {
  for (const name of itemNames(item)) {
    const existing = items.get(name.text)
    if (item.override) {
      if (!existing?.inherited || existing.item.kind !== item.kind) {
        const known = [...items].filter(([, f]) => f.item.kind === item.kind && f.inherited).map(([n]) => n)
        diagnostics.add(
          nothingToOverride(name.span, {
            kind: item.kind,
            name: name.text,
            suggestion: closest(name.text, known),
            other: otherKind(name.text, items, stages),
          }),
        )
        continue
      }
    } else if (existing) {
      diagnostics.add(
        existing.inherited
          ? needsOverride(name.span, {
              kind: item.kind,
              name: name.text,
              inherited: existing.item.span,
              declaration: item.span,
            })
          : duplicateName(name.span, { name: name.text, first: existing.item.span }),
      )
      continue
    } else {
      const stage = stages.find((s) => s.name.text === name.text)
      if (stage) diagnostics.add(duplicateName(name.span, { name: name.text, first: stage.span }))
    }
    items.set(name.text, { item: over(existing?.item, item), file, inherited: false })
  }
}

/** An item with what it keeps of the one that it overrides, if any. */
function over(base: NamedItem | undefined, item: NamedItem): NamedItem {
  if (item.kind === 'data' && base?.kind === 'data') return overData(base, item)
  if (item.kind === 'param' && base?.kind === 'param' && base.type) return { ...item, type: base.type }
  return item
}

/** A `data` over an inherited one: it replaces the source and the rows if it gives them, and the fields that it names. */
function overData(base: DataItem, item: DataItem): DataItem {
  const given = new Map(item.fields.map((f) => [f.name.text, f]))
  const kept = base.fields.map((f) => given.get(f.name.text) ?? f)
  const known = new Set(base.fields.map((f) => f.name.text))
  const source = item.source ?? base.source
  const rows = item.rows ?? base.rows
  const fields = [...kept, ...item.fields.filter((f) => !known.has(f.name.text))]
  const own = new Set(item.lets.map(({ name }) => name.text))
  const lets = [...base.lets.filter(({ name }) => !own.has(name.text)), ...item.lets]
  return { ...item, ...(source ? { source } : {}), ...(rows ? { rows } : {}), fields, lets }
}

/** What kind of declaration has a name, for one that was looked for among those of another kind. */
function otherKind(
  name: string,
  items: ReadonlyMap<string, FlatItem>,
  stages: readonly FlatStage[],
): string | undefined {
  return items.get(name)?.item.kind ?? (stages.some((s) => s.name.text === name) ? 'stage' : undefined)
}

/** The names that an item declares. */
export function itemNames(item: NamedItem): readonly Identifier[] {
  return item.kind === 'let' ? patternNames(item.pattern) : [item.name]
}

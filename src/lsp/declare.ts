import { namesOf } from '../compiler/2-resolve/program.js'
import { itemNames } from '../compiler/2-resolve/flatten.js'
import { visitRows } from '../compiler/2-resolve/row-expressions.js'
import type { Declaration, Parameter, PipelineItem } from '../compiler/1-parse/syntax.js'
import { typeOf, typeOfSyntax } from './static-type.js'
import { type NameScope, type SourceSymbol, symbol } from './symbols.js'

/** The symbols that a declaration of a file makes, with their members; `scope` is the file's. */
export function declare(d: Declaration, scope: NameScope): readonly SourceSymbol[] {
  if (d.kind === 'let')
    return namesOf(d).map((name) =>
      symbol('let', name, {
        declaration: d,
        typed: () => (d.pattern.kind === 'name-pattern' ? typeOf(d.value, scope) : undefined),
      }),
    )
  const made = symbol(d.kind, d.name, { declaration: d })
  if (d.kind === 'fn') addParameters(made, d.parameters, 'parameter', scope)
  else if (d.kind === 'record') addParameters(made, d.fields, 'record-field', scope)
  else if (d.kind === 'module') {
    addParameters(made, d.parameters, 'parameter', scope)
    for (const m of d.members) {
      const member = symbol(m.kind, m.name, {
        declaration: m,
        owner: made,
        typed: () => (m.kind === 'field' ? typeOf(m.value, memberScope(made, scope)) : undefined),
      })
      if (m.kind === 'fn') addParameters(member, m.parameters, 'parameter', scope)
      made.members.set(member.name, member)
    }
  }
  return [made]
}

/** The names of a module's parameters and members over those of its file. */
export function memberScope(module: SourceSymbol, scope: NameScope): NameScope {
  const inner = scope.inner()
  for (const member of module.members.values()) inner.set(member)
  return inner
}

export function addParameters(
  owner: SourceSymbol,
  parameters: readonly Parameter[],
  kind: 'parameter' | 'record-field',
  scope: NameScope,
): void {
  for (const p of parameters) {
    const typed = () => (p.type ? typeOfSyntax(p.type, scope) : p.default && typeOf(p.default, scope))
    owner.members.set(p.name.text, symbol(kind, p.name, { parameter: p, owner, typed }))
  }
}

/** Gives a pipeline, or a variant of one, its items and stages as members: its own, and those of what it extends. */
export function declareItems(
  pipeline: SourceSymbol,
  items: readonly PipelineItem[],
  base: SourceSymbol | undefined,
  scope: NameScope,
): void {
  for (const member of base?.members.values() ?? []) pipeline.members.set(member.name, member)
  for (const item of items) {
    if (item.kind === 'remove' || item.kind === 'export' || item.kind === 'allow') continue
    if (item.kind === 'next') continue
    const names = item.kind === 'let' ? itemNames(item) : [item.name]
    for (const name of names) {
      const inherited = pipeline.members.get(name.text)
      if (item.override && inherited) {
        if (item.kind === 'data') addFields(inherited, item)
        if (item.kind === 'stage') addClauses(inherited, item)
        continue
      }
      const own = symbol(item.kind, name, {
        declaration: item,
        owner: pipeline,
        typed: () => typeOfItem(item, own, itemScope(pipeline, scope)),
      })
      if (item.kind === 'fn') addParameters(own, item.parameters, 'parameter', scope)
      if (item.kind === 'data') addFields(own, item)
      if (item.kind === 'stage') addClauses(own, item)
      pipeline.members.set(name.text, own)
    }
  }
  takeFields(pipeline, items)
}

/** Gives data that takes rows of other data their fields. These may stand further down, and take rows themselves. */
function takeFields(pipeline: SourceSymbol, items: readonly PipelineItem[]): void {
  const taken = new Set<SourceSymbol>()
  const take = (data: SourceSymbol): void => {
    if (taken.has(data)) return
    taken.add(data)
    for (const item of items) {
      if (item.kind !== 'data' || !item.source || pipeline.members.get(item.name.text) !== data) continue
      const own = new Map(data.members)
      data.members.clear()
      visitRows(item.source, {
        data: ({ name }) => {
          const of = pipeline.members.get(name)
          if (of?.kind !== 'data' || of === data) return
          take(of)
          for (const field of of.members.values())
            if (!data.members.has(field.name)) data.members.set(field.name, field)
        },
        columns: () => undefined,
        value: () => undefined,
      })
      for (const [name, field] of own) if (!data.members.has(name)) data.members.set(name, field)
    }
  }
  for (const item of items) {
    const data = item.kind === 'data' ? pipeline.members.get(item.name.text) : undefined
    if (data) take(data)
  }
}

function addFields(data: SourceSymbol, item: PipelineItem & { kind: 'data' }): void {
  for (const f of item.fields) {
    if (!data.members.has(f.name.text))
      data.members.set(f.name.text, symbol('data-field', f.name, { parameter: f, owner: data }))
  }
}

/** What has a name in a stage: its monitors and updates. */
function addClauses(stage: SourceSymbol, item: PipelineItem & { kind: 'stage' }): void {
  for (const c of item.clauses) {
    if (c.kind !== 'monitor' && c.kind !== 'update') continue
    if (!stage.members.has(c.name.text))
      stage.members.set(c.name.text, symbol(c.kind, c.name, { declaration: c, owner: stage }))
  }
}

function typeOfItem(item: PipelineItem, own: SourceSymbol, scope: NameScope) {
  if (item.kind === 'data') return { of: own, list: false }
  if (item.kind === 'model') return typeOf(item.value, scope)
  if (item.kind === 'state' && item.value.kind === 'call') {
    // a copy has the type of what it copies
    const [copied] = item.value.arguments
    return item.type ? undefined : copied && typeOf(copied.value, scope)
  }
  if (item.kind === 'let' && item.pattern.kind === 'name-pattern') return typeOf(item.value, scope)
  if (item.kind === 'param') return item.type && typeOfSyntax(item.type, scope)
  return undefined
}

/** The names of a pipeline over those of a file; stages are no values. */
export function itemScope(pipeline: SourceSymbol, scope: NameScope): NameScope {
  const inner = scope.inner()
  for (const member of pipeline.members.values()) if (member.kind !== 'stage') inner.set(member)
  return inner
}

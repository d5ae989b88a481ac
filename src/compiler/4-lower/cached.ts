import type { DataSpec, HostExpression } from '../../artefact/data.js'
import { type CachedProblem, badCached } from '../../diagnostics/catalogue/stage.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import type { Graph, Node, Value } from '../../graph/graph.js'
import { parametersBehind } from '../../graph/parameters.js'
import { findNodes, needed, nodesBehind } from '../../graph/rewrite.js'
import { roleOf } from '../../graph/roles.js'
import { findHostFunction } from '../../sources/registry.js'
import { type Elaboration, fail } from '../3-elaborate/elaboration.js'
import { followRows } from '../3-elaborate/follow-rows.js'

/**
 * Proves that what `cached` keeps is the same whenever a row comes again: made of the fields of one data set, row by row,
 * without draws, of parameters that the stage leaves as they are.
 */
export function proveCached(
  x: Elaboration,
  graph: Graph,
  stage: { readonly name: string; readonly span: Span; readonly changes: ReadonlySet<string> },
): void {
  for (const node of findNodes(graph, ({ op }) => op === 'Cached')) {
    const [value] = node.inputs
    const problem = value && problemOf(x, graph, value, stage.changes)
    if (problem) fail(badCached(node.span ?? stage.span, { stage: stage.name, problem }))
  }
}

function problemOf(
  x: Elaboration,
  graph: Graph,
  value: Value,
  changes: ReadonlySet<string>,
): CachedProblem | undefined {
  const behind = needed([value])
  const targets = findNodes(graph, ({ op }) => op === 'Gradient').flatMap(({ inputs }) => inputs.slice(1))
  if (targets.some((target) => target !== null && behind.has(target))) return { kind: 'gradient' }
  const fields = new Map<string, Set<string>>()
  for (const read of behind) {
    const role = roleOf(read)
    if (role?.kind === 'draw') return { kind: 'draws', what: role.path }
    if (role?.kind !== 'batch') continue
    fields.set(role.data, (fields.get(role.data) ?? new Set()).add(role.field))
  }
  const nodes = nodesBehind([value])
  for (const { source } of parametersBehind([value], nodes)) {
    const name = `${source.model}/${source.path}`
    if (changes.has(name)) return { kind: 'trained', name: `${source.model}.${source.path}` }
  }
  const state = nodes.find(({ op }) => op === 'NextState')
  if (state) return { kind: 'trained', name: 'a state' }
  const [[data, names] = [], other] = fields
  if (data === undefined || names === undefined) return { kind: 'no data' }
  if (other) return { kind: 'two data sets', data, other: other[0] }
  const drawn = x.data.get(data) && drawsIn(x.data.get(data)?.spec, names)
  if (drawn) return { kind: 'augmented', data, ...drawn }
  return coupled(graph, value, data)
}

function coupled(graph: Graph, value: Value, data: string): CachedProblem | undefined {
  const fed = graph.inputs.filter((input) => {
    const role = roleOf(input)
    return role?.kind === 'batch' && role.data === data
  })
  const rows = fed[0]?.type.shape[0] ?? 1
  // What is made of one row is its own.
  if (rows === 1) return value.type.shape[0] === 1 ? undefined : { kind: 'no rows', data }
  const found = followRows(value, fed, rows)
  if ('coupling' in found)
    return { kind: 'coupled', data, operator: found.coupling.op, at: spanOf(found.coupling) }
  return found.axis === 0 && value.type.shape[0] === rows ? undefined : { kind: 'no rows', data }
}

const spanOf = ({ span }: Node): Span | undefined => span

/** A field whose host functions draw, and which does. */
function drawsIn(
  spec: DataSpec | undefined,
  names: ReadonlySet<string>,
): { readonly field: string; readonly draws: string } | undefined {
  for (const { lets, values } of spec?.parts ?? []) {
    const locals = new Map(lets.map(({ name, value }) => [name, value]))
    const drawing = (e: HostExpression): string | undefined => {
      switch (e.kind) {
        case 'call':
          if (findHostFunction(e.function)?.draws) return e.function
          return firstOf(Object.values(e.arguments), drawing)
        case 'operation':
          return firstOf(e.operands, drawing)
        case 'let': {
          const local = locals.get(e.name)
          return local && drawing(local)
        }
        default:
          return undefined
      }
    }
    for (const [k, value] of values.entries()) {
      const field = spec?.fields[k]?.name
      const draws = field !== undefined && names.has(field) ? drawing(value) : undefined
      if (field !== undefined && draws !== undefined) return { field, draws }
    }
  }
  return undefined
}

function firstOf<T, R>(all: readonly T[], of: (each: T) => R | undefined): R | undefined {
  for (const each of all) {
    const found = of(each)
    if (found !== undefined) return found
  }
  return undefined
}

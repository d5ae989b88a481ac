import type { FieldLimit } from '../../artefact/roles.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import type { Builder } from '../../graph/builder.js'
import { type Graph, type Node, type Value, constantOf, producer } from '../../graph/graph.js'
import { findNodes, rewrite, visitNodes } from '../../graph/rewrite.js'
import { roleOf } from '../../graph/roles.js'
import type { Range } from '../../ops/operator.js'
import { operator } from '../../ops/registry.js'
import { union } from '../../ops/_range.js'
import { type Limits, limitsOf } from '../../ops/within.js'

export interface LimitOptions {
  readonly locate: (span: Span) => string
  /** Whether computed indices that may be outside are made to fail where they are read. */
  readonly guards: boolean
}

/**
 * A graph whose inputs say where entries of data must lie, since the graph reads by them: labels, token ids, indices.
 * Each index is followed back through what leaves its entries as they are, or adds a number to them. What is known to
 * lie inside needs nothing; what is computed otherwise is guarded.
 */
export function withFieldLimits(graph: Graph, { locate, guards }: LimitOptions): Graph {
  const search = new Search(graph)
  const open = new Set<Node>()
  const fields = new Map<Value, FieldLimit[]>()
  let stated = false
  visitNodes(graph, (node) => {
    const demand = demandOf(node)
    if (!demand) return
    const place = node.span ? locate(node.span) : null
    const note = (field: Value, at: Limits): void => {
      const known = fields.get(field) ?? []
      if (!known.some((l) => sameLimits(l, at))) fields.set(field, [...known, { ...at, place }])
    }
    if (!search.confine(demand.value, demand.limits, note)) open.add(node)
    stated ||= node.op === 'Within'
  })
  if (fields.size === 0 && !stated) return graph
  return rewrite(graph, {
    node(node, inputs, { b }) {
      if (node.op !== 'Within') return undefined
      const [x] = inputs
      if (!x) return undefined
      return [guards && open.has(node) ? guarded(b, x, limitsOf(node.attributes)) : x]
    },
    leaf(value, b) {
      const limits = fields.get(value)
      const role = roleOf(value)
      if (!limits || value.source.kind !== 'input' || role?.kind !== 'batch') return undefined
      return b.input(value.source.name, value.type, { ...role, limits })
    },
  })
}

/** A number that is too small would count from the end. */
function guarded(b: Builder, x: Value, { low, below, except }: Limits): Value {
  if (except.length > 0) return x
  const { dtype } = x.type
  return b.where(b.op('Less', [x, b.scalar(low, dtype)]), b.scalar(below, dtype), x)
}

interface Demand {
  readonly value: Value
  readonly limits: Limits
}

/** Where a node wants entries of an operand to lie. */
function demandOf({ op, inputs, attributes }: Node): Demand | undefined {
  const places = operator(op).places?.(inputs, attributes)
  const value = inputs[places?.operand ?? 0]
  if (!value) return undefined
  if (op === 'Within') return { value, limits: limitsOf(attributes) }
  return places && { value, limits: { low: -places.size, below: places.size, except: [] } }
}

const sameLimits = (a: Limits, b: Limits): boolean =>
  a.low === b.low && a.below === b.below && a.except.join() === b.except.join()

const isInteger = ({ type: { dtype } }: Value): boolean => dtype === 'i64' || dtype === 'i32'

/** Chains of integers are short; a longer one is left to the guard. */
const deepest = 400

class Search {
  private readonly ranges = new Map<Value, Range | undefined>()

  constructor(graph: Graph) {
    for (const { inputs, bodies } of findNodes(graph, ({ op }) => op === 'Loop')) {
      const rounds = constantOf(inputs[0])?.data[0]
      const counter = bodies[0]?.graph.inputs[0]
      if (rounds !== undefined && counter) this.ranges.set(counter, { low: 0, high: Math.max(0, rounds - 1) })
    }
  }

  /** Tells of the fields that must lie within limits so that a value does; whether that is all. */
  confine(value: Value, limits: Limits, note: (field: Value, limits: Limits) => void, depth = 0): boolean {
    const range = this.rangeOf(value)
    if (range && range.low >= limits.low && range.high < limits.below) return true
    if (depth > deepest || !isInteger(value)) return false
    if (roleOf(value)?.kind === 'batch') {
      note(value, limits)
      return true
    }
    const node = producer(value)
    if (!node) return false
    const definition = operator(node.op)
    const shifted = definition.offset?.(node.inputs)
    if (shifted) {
      const { low, below, except } = limits
      const by = (n: number): number => n - shifted.by
      const before = { low: by(low), below: by(below), except: except.map(by) }
      return this.confine(shifted.operand, before, note, depth + 1)
    }
    const from = movedBy(node, definition.moves)
    // all of them, though one is open
    return from.length > 0 && from.map((v) => this.confine(v, limits, note, depth + 1)).every(Boolean)
  }

  private rangeOf(value: Value, depth = 0): Range | undefined {
    if (!this.ranges.has(value)) {
      this.ranges.set(value, depth > deepest || !isInteger(value) ? undefined : this.find(value, depth))
    }
    return this.ranges.get(value)
  }

  private find(value: Value, depth: number): Range | undefined {
    const data = constantOf(value)?.data
    if (data && data.length > 0) return { low: least(data), high: -least(data.map((v) => -v)) }
    const role = roleOf(value)
    if (role?.kind === 'draw' && role.distribution.kind === 'randint')
      return { low: role.distribution.low, high: role.distribution.high - 1 }
    const node = producer(value)
    if (!node) return undefined
    if (node.op === 'Within') return rangeWithin(limitsOf(node.attributes))
    const definition = operator(node.op)
    const of = (v: Value | null): Range | undefined => (v ? this.rangeOf(v, depth + 1) : undefined)
    if (definition.range) return definition.range(node.inputs.map(of), node.inputs, node.attributes)
    return union(movedBy(node, definition.moves).map(of))
  }
}

/** What stands behind `within`: with exceptions, no one range. */
const rangeWithin = ({ low, below, except }: Limits): Range | undefined =>
  except.length === 0 ? { low, high: below - 1 } : undefined

function movedBy({ op, inputs }: Node, moves: 'all' | readonly number[] | undefined): readonly Value[] {
  if (op === 'Within') return inputs.flatMap((v) => v ?? [])
  const from = moves === 'all' ? inputs : (moves ?? []).map((k) => inputs[k])
  return from.flatMap((v) => v ?? [])
}

const least = (numbers: ArrayLike<number>): number => {
  let found = Infinity
  for (let k = 0; k < numbers.length; k++) found = Math.min(found, numbers[k] ?? Infinity)
  return found
}

import { type Graph, type Node, type Value, producer } from '../../../graph/graph.js'
import { operands } from '../../../graph/rewrite.js'
import { elementCount } from '../../../graph/types.js'
import type { RowAxis } from '../../../ops/operator.js'
import type { Member, RowRegion } from '../by-rows/body.js'
import { operator } from '../../../ops/registry.js'
import { rowWise } from '../by-rows/follow.js'
import { selectionWithinRows } from '../by-rows/selection.js'
import type { Refusal } from '../pass.js'
import type { Pushed } from '../push-repeats/index.js'
import { type Repeat, repeatedRows } from '../push-repeats/repeat.js'

/** What of a graph is computed from pairs [i, j], down to the sum over all i; i goes through `rows` rows. */
export interface Region extends RowRegion {
  /** The sum or mean that ends it: a scalar, or a tensor of one element. */
  readonly exit: Node
}

/** Pairs [i, j, ..] of a graph: so many i, and so many of all together. */
export interface Grid {
  readonly rows: number
  readonly all: number
}

/** The pairs of a graph, those with the fewest rows first: what is repeated for each i meets what is the same for all. */
export function pairGrids({ repeats, meetings }: Pushed, alive: ReadonlySet<Node>): readonly Grid[] {
  const found = new Map<number, { first: number[]; leads: boolean; follows: boolean }>()
  const note = (all: number, first: number, leads: boolean, follows: boolean): void => {
    const known = found.get(all) ?? { first: [], leads: false, follows: false }
    found.set(all, {
      first: [...known.first, first],
      leads: known.leads || leads,
      follows: known.follows || follows,
    })
  }
  for (const [value, repeat] of repeats) {
    const maker = producer(value)
    const leads = repeat.outer === 1
    if (maker && alive.has(maker))
      note(repeatedRows(repeat), leads ? repeat.count : repeat.outer, leads, !leads)
  }
  for (const { node, rows, first, leads } of meetings) if (alive.has(node)) note(rows, first, leads, true)
  const grids = [...found].flatMap(([all, { first, leads, follows }]) =>
    leads && follows ? [{ rows: Math.min(...first), all }] : [],
  )
  return grids.filter(({ rows }) => rows > 1).sort((a, b) => a.rows - b.rows)
}

/** The region of a graph, or why its rows cannot be computed apart; undefined where there are no pairs. */
export function findRegion(graph: Graph, pushed: Pushed): Region | Refusal | undefined {
  const [grid, ...more] = pairGrids(pushed, new Set(graph.nodes))
  if (grid === undefined) return undefined
  const search = new Search(graph, pushed, grid)
  const found = search.run()
  const [first] = search.members.keys()
  if (more.length > 0 && first)
    return {
      node: first,
      reason: `there are pairs of ${[grid, ...more].map(({ rows }) => rows).join(' and of ')} rows`,
    }
  return found
}

class Search {
  private readonly rows: number
  readonly members = new Map<Node, Member>()
  private readonly axes = new Map<Value, number>()
  private readonly exits: Node[] = []
  /** What depends on a sum over all rows. */
  private readonly after = new Set<Value>()
  private readonly meetings: ReadonlyMap<Node, number>

  constructor(
    private readonly graph: Graph,
    private readonly pushed: Pushed,
    private readonly grid: Grid,
  ) {
    this.rows = grid.rows
    const own = pushed.meetings.filter(
      ({ rows, first, leads }) => rows === grid.all && leads && first % grid.rows === 0,
    )
    this.meetings = new Map(own.map(({ node, axis }) => [node, axis]))
  }

  run(): Region | Refusal | undefined {
    for (const node of this.graph.nodes) {
      const refusal = this.visit(node)
      if (refusal) return refusal
    }
    const [exit, ...others] = this.exits
    if (!exit) return undefined
    if (others.length > 0) {
      const readers = this.exits.map((e) => this.outputsBehind(e).join(' and '))
      return {
        node: exit,
        reason: `the pairs are summed ${this.exits.length} times: for ${readers.join(', ')}`,
      }
    }
    if (!this.outputsBehind(exit).includes('`loss`'))
      return { node: exit, reason: 'what is minimized does not read the pairs' }
    return { rows: this.rows, members: this.members, axes: this.axes, exit }
  }

  private visit(node: Node): Refusal | undefined {
    if (operands(node).some((v) => this.after.has(v))) return this.visitAfter(node)
    const [out] = node.outputs
    const repeat = out && this.pushed.repeats.get(out)
    if (out && repeat && repeatedRows(repeat) === this.grid.all && this.splits(repeat)) {
      const of = this.axes.get(repeat.base)
      if (of !== undefined && (repeat.outer > 1 || of !== repeat.axis))
        return { node, reason: 'pairs are made of pairs' }
      this.members.set(node, { kind: 'repeat', repeat })
      this.axes.set(out, repeat.axis)
      return undefined
    }
    const meeting = this.meetings.get(node)
    if (out && meeting !== undefined) {
      this.members.set(node, { kind: 'node', axes: this.axesOfMeeting(node, meeting) })
      this.axes.set(out, meeting)
      return undefined
    }
    return operands(node).some((v) => this.axes.has(v)) ? this.follow(node) : undefined
  }

  /** Whether a repeat gives each row of the region rows of its own, or all of them the same. */
  private splits({ outer, count }: Repeat): boolean {
    return (outer === 1 ? count : outer) % this.rows === 0
  }

  private visitAfter(node: Node): Refusal | undefined {
    if (operands(node).some((v) => this.axes.has(v)))
      return { node, reason: 'its rows depend on a sum over all rows' }
    if (node.op === 'Gradient') return { node, reason: '`grad` of a value that is computed from the pairs' }
    for (const output of node.outputs) this.after.add(output)
    return undefined
  }

  /** A node that reads values of the region and no other maker of rows. */
  private follow(node: Node): Refusal | undefined {
    const found = rowWise(node, (v) => this.axes.get(v), this.rows)
    if (found) {
      this.members.set(node, { kind: 'node', axes: found.inputs })
      node.outputs.forEach((v, k) => this.axes.set(v, found.outputs[k] ?? 0))
      return undefined
    }
    const known = node.inputs.map((v) => (v ? (this.axes.get(v) ?? null) : null))
    const selection = selectionWithinRows(node, known[0] ?? null, this.rows)
    const [out] = node.outputs
    const { reduces } = operator(node.op)
    if (selection && out) {
      this.members.set(node, { kind: 'selection', selection })
      this.axes.set(out, selection.axis)
      return undefined
    }
    if (out && (reduces === 'sum' || reduces === 'mean') && elementCount(out.type.shape) === 1) {
      this.exits.push(node)
      this.members.set(node, { kind: 'node', axes: known })
      this.after.add(out)
      return undefined
    }
    if (node.op === 'Gradient')
      return { node, reason: '`grad` of or by a value that is computed from the pairs' }
    return { node, reason: `${node.op} mixes the rows` }
  }

  private axesOfMeeting(node: Node, axis: number): readonly RowAxis[] {
    const rank = node.outputs[0]?.type.shape.length ?? 0
    return node.inputs.map((v) => {
      if (!v) return null
      const own = axis - (rank - v.type.shape.length)
      return this.axes.get(v) ?? ((v.type.shape[own] ?? 1) % this.rows === 0 ? own : null)
    })
  }

  /** The outputs of the graph that a node's result leads to, as messages name them. */
  private outputsBehind(node: Node): readonly string[] {
    const reached = new Set<Value>(node.outputs)
    for (const n of this.graph.nodes)
      if (operands(n).some((v) => reached.has(v))) for (const v of n.outputs) reached.add(v)
    return this.graph.outputs.flatMap(({ name, value, role }) =>
      reached.has(value) ? [`\`${role?.kind === 'monitor' ? role.name : name}\``] : [],
    )
  }
}

import type { Graph, Node } from '../../../graph/graph.js'
import { byteSize } from '../../../graph/types.js'
import { operator } from '../../../ops/registry.js'
import { bytesOf, flopsOf } from '../cost.js'
import { type Indexed, indexed } from '../indexed.js'

/**
 * A graph cut at the place where it takes the most memory. Its nodes stand in the order in which they shall run; those
 * before `at` are early, the others late. What late nodes read of early ones lies in memory in between.
 */
export interface Cut {
  readonly graph: Graph
  readonly index: Indexed
  readonly at: number
  /** Per early node: the early node whose results it gives a view of, itself where it makes its own; -1: no node's. */
  readonly roots: Int32Array
  /** Per early node: bytes of its results that late nodes read, themselves or by views. */
  readonly late: Float64Array
  /** Per early node: the last early node that reads its results or views of them. */
  readonly lastRead: Int32Array
  /** Per early node: bytes of results of it and those before it that early nodes behind it read. */
  readonly across: Float64Array
  /** Per early node: what it takes to run it again, in operations. */
  readonly cost: Float64Array
  /** Early nodes whose results need not stay for the late ones, those first that free most bytes for what they cost. */
  readonly candidates: readonly number[]
}

/** Moving a byte takes as long as so many operations. */
const flopsPerByte = 10

/** What it takes to run a node, in operations. */
export const costOfNode = (node: Node): number => flopsOf(node) + flopsPerByte * bytesOf(node)

export const bytesMade = ({ outputs }: Node): number =>
  outputs.reduce((sum, { type }) => sum + byteSize(type), 0)

export function cutAt(graph: Graph, at: number): Cut {
  const index = indexed(graph)
  const early = graph.nodes.slice(0, at)
  const roots = rootsOf(index, early)
  const { late, lastRead } = readsOf(index, at, roots)
  const cost = Float64Array.from(early, costOfNode)
  const prices = pricesOf(index, roots, late, cost)
  const stays = new Set(graph.outputs.map(({ value }) => makerOf(index, index.numbers.get(value))))
  const ratio = (node: number): number => (prices[node] ?? 0) / (late[node] ?? 1)
  const candidates = Array.from(early.keys())
    .filter((node) => (late[node] ?? 0) > 0 && !stays.has(node))
    .sort((a, b) => ratio(a) - ratio(b) || a - b)
  return {
    graph,
    index,
    at,
    roots,
    late,
    lastRead,
    across: acrossOf(early, roots, lastRead),
    cost,
    candidates,
  }
}

const makerOf = ({ makers }: Indexed, value: number | undefined): number => makers[value ?? -1] ?? -1

function rootsOf({ makers, reads }: Indexed, early: readonly Node[]): Int32Array {
  const roots = new Int32Array(early.length)
  early.forEach(({ op, inputs: [viewed] }, node) => {
    if (!operator(op).memory?.view) roots[node] = node
    else if (viewed?.source.kind !== 'node') roots[node] = -1
    else roots[node] = roots[makers[reads.items[reads.starts[node] ?? 0] ?? 0] ?? -1] ?? -1
  })
  return roots
}

/** Which results late nodes read, and until when early ones do. */
function readsOf(
  { graph, makers, makes, reads }: Indexed,
  at: number,
  roots: Int32Array,
): Pick<Cut, 'late' | 'lastRead'> {
  const late = new Float64Array(at)
  const lastRead = Int32Array.from(roots.keys())
  const seen = new Uint8Array(makers.length)
  for (let reader = 0; reader < graph.nodes.length; reader++) {
    const end = reads.starts[reader + 1] ?? 0
    for (let k = reads.starts[reader] ?? 0; k < end; k++) {
      const value = reads.items[k] ?? 0
      const maker = makers[value] ?? 0
      const root = maker < at ? (roots[maker] ?? -1) : -1
      if (root < 0) continue
      if (reader < at) lastRead[root] = reader
      // Only what has one result is viewed.
      const read = maker === root ? value : (makes[root] ?? 0)
      if (reader < at || seen[read] === 1) continue
      seen[read] = 1
      const result = graph.nodes[root]?.outputs[read - (makes[root] ?? 0)]
      late[root] = (late[root] ?? 0) + (result ? byteSize(result.type) : 0)
    }
  }
  return { late, lastRead }
}

/** What it takes to compute each node's results from others that late nodes read, too. */
function pricesOf(
  { makers, reads }: Indexed,
  roots: Int32Array,
  late: Float64Array,
  cost: Float64Array,
): Float64Array {
  const prices = cost.slice()
  for (let node = 0; node < prices.length; node++) {
    const end = reads.starts[node + 1] ?? 0
    for (let k = reads.starts[node] ?? 0; k < end; k++) {
      const maker = makers[reads.items[k] ?? 0] ?? 0
      const root = roots[maker] ?? -1
      if (root >= 0 && late[root] === 0) prices[node] = (prices[node] ?? 0) + (prices[maker] ?? 0)
    }
  }
  return prices
}

function acrossOf(early: readonly Node[], roots: Int32Array, lastRead: Int32Array): Float64Array {
  const across = new Float64Array(early.length)
  early.forEach((node, k) => {
    if (roots[k] !== k) return
    const last = lastRead[k] ?? k
    across[k] = (across[k] ?? 0) + bytesMade(node)
    across[last] = (across[last] ?? 0) - bytesMade(node)
  })
  for (let k = 1; k < across.length; k++) across[k] = (across[k] ?? 0) + (across[k - 1] ?? 0)
  return across
}

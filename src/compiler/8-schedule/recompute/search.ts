import type { Graph } from '../../../graph/graph.js'
import { indexed } from '../indexed.js'
import { layOut } from '../layout.js'
import { Lifetimes, type Liveness } from '../liveness.js'
import { dependencies, walk } from '../order.js'
import { mapBodies, separateOutputs } from '../outputs.js'
import { type Recomputed, withCopies } from './copies.js'
import { type Cut, cutAt } from './cut.js'
import { fileOrder } from './file-order.js'
import { keptWith } from './kept.js'

/** A graph that computes results again in place of keeping them. */
export interface Leaner {
  /** In file order. */
  readonly graph: Graph
  /** The most bytes that results take at one time. */
  readonly peak: number
}

/** Where there are no more candidates, each is looked at by itself. */
const few = 48
/** Into how many steps the way from the first candidate to all of them is divided, and each of these again. */
const steps = 12
const finer = 8
/** How much of the limit what is kept and one segment may take. */
const rooms = [1, 3 / 4, 1 / 2, 3 / 8, 1 / 4, 1 / 8]
/** What the copies between two barriers may take, as a part of the limit. */
const window = 1 / 24

/**
 * Of the ways to compute results again, a cheap one with which results take at most `limit` bytes at a time; if there is
 * none, one that takes little.
 */
export function leaner(given: Graph, limit: number): Leaner {
  const graph = mapBodies(separateOutputs(given), (body) => layOut(body).graph)
  const { at } = asTheyStand(graph)
  return new Search(cutAt(graph, at ? graph.nodes.indexOf(at) : 0), limit).run()
}

interface Attempt extends Leaner, Recomputed {
  readonly kept: Uint8Array
}

class Search {
  /** What would take least, if nodes ran in the order that is wished for. */
  private least: { readonly peak: number; readonly kept: Uint8Array }

  constructor(
    private readonly cut: Cut,
    private readonly limit: number,
  ) {
    this.least = { peak: Infinity, kept: keptWith(cut, 0, Infinity) }
  }

  run(): Leaner {
    const { length } = this.cut.candidates
    const sizes = Array.from({ length: steps }, (_, k) => Math.ceil(((k + 1) * length) / steps))
    for (const room of rooms) {
      for (const [k, size] of sizes.entries()) {
        const found = this.dropping(size, room)
        if (found) return this.without(this.fewest(found, sizes[k - 1] ?? 0, size, room))
      }
    }
    const found = this.nearLeast()
    return found
      ? this.without(found)
      : inWalkOrder(withCopies(this.cut, this.least.kept, window * this.limit))
  }

  /** With single candidates kept that what takes least drops, or dropped that it keeps. */
  private nearLeast(): Attempt | undefined {
    const { candidates } = this.cut
    for (const node of candidates.length > few ? [] : [...candidates, ...candidates]) {
      const found = this.fitting(this.flipped(this.least.kept, node))
      if (found) return found
    }
    return undefined
  }

  /** With the fewest candidates, between some with which it does not fit and some with which it does. */
  private fewest(found: Attempt, less: number, more: number, room: number): Attempt {
    let [best, low, high] = [found, less, more]
    const close = Math.max(1, (more - less) / finer)
    while (high - low > close) {
      const middle = (low + high) >> 1
      const other = this.dropping(middle, room)
      if (other) high = middle
      else low = middle
      if (other && other.cost < best.cost) best = other
    }
    return best
  }

  /** Without the copies that it fits without, the dearest first. */
  private without(found: Attempt): Attempt {
    const { candidates, cost } = this.cut
    if (candidates.length > few) return found
    const dearest = [...candidates].sort((a, b) => (cost[b] ?? 0) - (cost[a] ?? 0) || a - b)
    return dearest.reduce((best, node) => {
      if (best.kept[node] === 1) return best
      const other = this.fitting(this.flipped(best.kept, node))
      return other && other.cost < best.cost ? other : best
    }, found)
  }

  private flipped(kept: Uint8Array, node: number): Uint8Array {
    return kept.map((one, k) => (this.cut.roots[k] === node ? 1 - one : one))
  }

  private dropping(count: number, room: number): Attempt | undefined {
    return this.fitting(keptWith(this.cut, count, room * this.limit))
  }

  private fitting(kept: Uint8Array): Attempt | undefined {
    if (bytesKept(this.cut, kept) > this.limit) return undefined
    const free = withCopies(this.cut, kept, Infinity)
    const wished = asTheyStand(free.graph).peak
    if (wished < this.least.peak) this.least = { peak: wished, kept }
    // The walk is seldom better than what is wished for, and takes time to follow.
    if (wished > this.limit && this.cut.candidates.length > few) return undefined
    // Barriers take nodes, and the order of the walk is often good without them.
    const first = inWalkOrder(free)
    if (first.peak <= this.limit) return { ...first, kept }
    const held = inWalkOrder(withCopies(this.cut, kept, window * this.limit))
    return held.peak <= this.limit ? { ...held, kept } : undefined
  }
}

/** In the file order that comes closest to what is wished for. */
function inWalkOrder({ graph, cost }: Recomputed): Recomputed & Leaner {
  const index = indexed(graph)
  const links = dependencies(index)
  const file = fileOrder(links)
  const { peak } = new Lifetimes(index).along(walk(links, file))
  return { graph: { ...graph, nodes: file.flatMap((k) => graph.nodes[k] ?? []) }, peak, cost }
}

/** Memory while nodes run as they stand. */
function asTheyStand(graph: Graph): Liveness {
  return new Lifetimes(indexed(graph)).along(Array.from(graph.nodes.keys()))
}

const bytesKept = ({ late }: Cut, kept: Uint8Array): number =>
  late.reduce((sum, bytes, node) => sum + (kept[node] === 1 ? bytes : 0), 0)

import type { Graph } from '../../graph/graph.js'
import { Lifetimes, type Liveness } from './liveness.js'
import { type Dependencies, dependencies, walk } from './order.js'
import { mapBodies, separateOutputs } from './outputs.js'

/**
 * Puts the nodes in the file order under which onnxruntime's own walk (`executionOrder`) needs the least memory.
 *
 * The walk allows few orders, so several files are tried and the one with the lowest peak is taken. What decides is
 * what lives at the end of the forward pass, and how long gradients wait for their use:
 * - as given: what the backward pass needs of forward values is computed with them, which pays where a derivative
 *   needs fewer values than the operator has;
 * - lazy: it is computed just before its use, which pays where it needs more;
 * - lazy, with all that follows the backward pass (norms, updates) as soon as its operands are there.
 */
export const layout = (graph: Graph): Graph => layOut(graph).graph

/** The same, with the memory that a run will take. */
export const layOut = (graph: Graph): LaidOut =>
  layOutOwn(mapBodies(separateOutputs(graph), (body) => layOutOwn(body).graph))

export interface LaidOut {
  readonly graph: Graph
  readonly liveness: Liveness
}

function layOutOwn(graph: Graph): LaidOut {
  const links = dependencies(graph)
  const lifetimes = new Lifetimes(graph)
  const given = graph.nodes.map((_, index) => index)
  const files = [given, fileFor(lazy(links), links), fileFor(promptTail(graph, links), links)]
  const layouts = files.map((file) => ({ file, liveness: lifetimes.along(walk(links, file)) }))
  const { file, liveness } = layouts.reduce((best, other) =>
    other.liveness.peak < best.liveness.peak ? other : best,
  )
  return { graph: { ...graph, nodes: file.flatMap((i) => graph.nodes[i] ?? []) }, liveness }
}

/** When each node is wanted: as the graph has it, and results at the end, those with the shortest way to them first. */
function lazy({ inputs, leaves }: Dependencies): readonly number[] {
  const depth: number[] = []
  inputs.forEach((from, index) => (depth[index] = 1 + Math.max(-1, ...from.map((i) => depth[i] ?? 0))))
  const wanted = inputs.map((_, index) => index)
  const results = [...leaves].sort((a, b) => (depth[a] ?? 0) - (depth[b] ?? 0) || a - b)
  results.forEach((leaf, k) => (wanted[leaf] = inputs.length + k))
  return wanted
}

/**
 * When each node is wanted: as the graph has it, but right after its operands where those come later than the first
 * output, the loss.
 */
function promptTail(graph: Graph, { inputs }: Dependencies): readonly number[] {
  const loss = graph.nodes.findIndex((node) => node.outputs.some((v) => v === graph.outputs[0]?.value))
  const wanted: number[] = []
  inputs.forEach((from, index) => {
    const ready = Math.max(-1, ...from.map((i) => wanted[i] ?? 0))
    // Fractions keep the order of nodes that become ready together.
    wanted[index] = ready > loss && index > loss ? ready + (index - ready) / (4 * inputs.length) : index
  })
  return wanted
}

/** A valid file order in which, wherever inputs leave a choice, what is wanted latest stands first. */
function fileFor(wanted: readonly number[], { inputs }: Dependencies): readonly number[] {
  const waiting = inputs.map((from) => from.length)
  const readers: number[][] = inputs.map(() => [])
  inputs.forEach((from, index) => from.forEach((i) => readers[i]?.push(index)))

  const ready = new MaxHeap((index) => wanted[index] ?? 0)
  waiting.forEach((count, index) => count === 0 && ready.push(index))
  const order: number[] = []
  for (let index = ready.pop(); index !== undefined; index = ready.pop()) {
    order.push(index)
    for (const reader of readers[index] ?? []) {
      const left = (waiting[reader] ?? 0) - 1
      waiting[reader] = left
      if (left === 0) ready.push(reader)
    }
  }
  return order
}

/** A binary heap of numbers, the one of the highest key on top; of equal keys the larger number. */
class MaxHeap {
  private readonly items: number[] = []

  constructor(private readonly key: (item: number) => number) {}

  push(item: number): void {
    let at = this.items.push(item) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.above(parent, at)) break
      this.swap(parent, at)
      at = parent
    }
  }

  pop(): number | undefined {
    const top = this.items[0]
    const last = this.items.pop()
    if (last === undefined || this.items.length === 0) return top
    this.items[0] = last
    for (let at = 0; ;) {
      const left = 2 * at + 1
      if (left >= this.items.length) return top
      const right = left + 1
      const child = right < this.items.length && this.above(right, left) ? right : left
      if (this.above(at, child)) return top
      this.swap(at, child)
      at = child
    }
  }

  private above(a: number, b: number): boolean {
    const [x, y] = [this.items[a] ?? 0, this.items[b] ?? 0]
    return this.key(x) > this.key(y) || (this.key(x) === this.key(y) && x > y)
  }

  private swap(a: number, b: number): void {
    const x = this.items[a] ?? 0
    this.items[a] = this.items[b] ?? 0
    this.items[b] = x
  }
}

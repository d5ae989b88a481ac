import type { Graph, Value } from '../../graph/graph.js'
import { byteSize } from '../../graph/types.js'
import { type Indexed, type Lists, indexed } from './indexed.js'
import { Lifetimes, type Liveness } from './liveness.js'
import { type Dependencies, dependencies, walk } from './order.js'
import { mapBodies, separateOutputs } from './outputs.js'
import type { Placement } from './placement.js'

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

/** The same, with the memory that a run will take; results of fewer than `smallest` bytes may lie anywhere. */
export function layOut(graph: Graph, smallest = 16_384): LaidOut {
  const places = new Map<Value, Value>()
  const own = (g: Graph): Omit<LaidOut, 'places'> => {
    const { index, ...laid } = layOutOwn(g)
    const values = [...index.numbers.keys()]
    values.forEach((value, number) => {
      const place = values[laid.liveness.buffers[number] ?? -1]
      if (place && byteSize(value.type) >= smallest) places.set(value, place)
    })
    return laid
  }
  const bodies = mapBodies(separateOutputs(graph), (body) => own(body).graph)
  return { ...own(bodies), places }
}

export interface LaidOut {
  readonly graph: Graph
  readonly liveness: Liveness
  /** Where the larger results of nodes lie. */
  readonly places: Placement
}

function layOutOwn(graph: Graph): Omit<LaidOut, 'places'> & { readonly index: Indexed } {
  const index = indexed(graph)
  const links = dependencies(index)
  const lifetimes = new Lifetimes(index)
  let file: readonly number[] = Array.from(graph.nodes.keys())
  let liveness = lifetimes.along(walk(links, file))
  for (const wanted of [lazy(links), promptTail(index, links)]) {
    const other = fileFor(wanted, links)
    const its = lifetimes.along(walk(links, other), liveness.peak)
    if (its.peak < liveness.peak) [file, liveness] = [other, its]
  }
  return { graph: { ...graph, nodes: file.flatMap((i) => graph.nodes[i] ?? []) }, liveness, index }
}

/** The largest number of what a node waits for, or -1. */
function latest({ starts, items }: Lists, node: number, numbers: Float64Array): number {
  let most = -1
  const end = starts[node + 1] ?? 0
  for (let k = starts[node] ?? 0; k < end; k++) {
    const number = numbers[items[k] ?? 0] ?? 0
    if (number > most) most = number
  }
  return most
}

/** When each node is wanted: as the graph has it, and results at the end, those with the shortest way to them first. */
function lazy({ inputs, leaves }: Dependencies): Float64Array {
  const count = inputs.starts.length - 1
  const depth = new Float64Array(count)
  for (let node = 0; node < count; node++) depth[node] = 1 + latest(inputs, node, depth)
  const wanted = Float64Array.from(depth.keys())
  const results = [...leaves].sort((a, b) => (depth[a] ?? 0) - (depth[b] ?? 0) || a - b)
  results.forEach((leaf, k) => (wanted[leaf] = count + k))
  return wanted
}

/**
 * When each node is wanted: as the graph has it, but right after its operands where those come later than the first
 * output, the loss.
 */
function promptTail({ graph, numbers, makers }: Indexed, { inputs }: Dependencies): Float64Array {
  const [first] = graph.outputs
  const loss = makers[(first && numbers.get(first.value)) ?? -1] ?? -1
  const count = graph.nodes.length
  const wanted = new Float64Array(count)
  for (let node = 0; node < count; node++) {
    const ready = latest(inputs, node, wanted)
    // Fractions keep the order of nodes that become ready together.
    wanted[node] = ready > loss && node > loss ? ready + (node - ready) / (4 * count) : node
  }
  return wanted
}

/** A valid file order in which, wherever inputs leave a choice, what is wanted latest stands first. */
function fileFor(wanted: Float64Array, { inputs, readers }: Dependencies): readonly number[] {
  const ready = new MaxHeap(wanted)
  const waiting = new Int32Array(wanted.length)
  for (let node = 0; node < wanted.length; node++) {
    const count = (inputs.starts[node + 1] ?? 0) - (inputs.starts[node] ?? 0)
    waiting[node] = count
    if (count === 0) ready.push(node)
  }
  const order: number[] = []
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    order.push(node)
    const end = readers.starts[node + 1] ?? 0
    for (let k = readers.starts[node] ?? 0; k < end; k++) {
      const reader = readers.items[k] ?? 0
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

  constructor(private readonly keys: Float64Array) {}

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
    const x = this.items[a] ?? 0
    const y = this.items[b] ?? 0
    const left = this.keys[x] ?? 0
    const right = this.keys[y] ?? 0
    return left > right || (left === right && x > y)
  }

  private swap(a: number, b: number): void {
    const x = this.items[a] ?? 0
    this.items[a] = this.items[b] ?? 0
    this.items[b] = x
  }
}

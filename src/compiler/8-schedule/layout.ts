import type { Graph, Value } from '../../graph/graph.js'
import { once } from '../../once.js'
import { MaxHeap } from './heap.js'
import { type Indexed, type Lists, indexed } from './indexed.js'
import { Lifetimes, type Liveness } from './liveness.js'
import { type Dependencies, dependencies, walk } from './order.js'
import { mapBodies, separateOutputs } from './outputs.js'
import type { Placement } from './placement.js'
import { slots } from './slots.js'

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
export function layOut(graph: Graph): LaidOut {
  const graphs: OwnLayout[] = []
  const own = (g: Graph): OwnLayout => {
    const laid = layOutOwn(g)
    graphs.push(laid)
    return laid
  }
  const { graph: laid, liveness } = own(mapBodies(separateOutputs(graph), (body) => own(body).graph))
  return { graph: laid, liveness, places: once(() => new Map(graphs.flatMap(placesOf))) }
}

export interface LaidOut {
  readonly graph: Graph
  readonly liveness: Liveness
  /** Where results of nodes lie; only a file needs it. */
  readonly places: () => Placement
}

/** A graph without those around it. */
interface OwnLayout {
  readonly graph: Graph
  readonly index: Indexed
  readonly liveness: Liveness
}

function placesOf({ index, liveness }: OwnLayout): readonly (readonly [Value, Value])[] {
  const values = [...index.numbers.keys()]
  const first = slots(index, liveness)
  return values.flatMap((value, number) => {
    const place = values[first[number] ?? -1]
    return place ? [[value, place] as const] : []
  })
}

function layOutOwn(graph: Graph): OwnLayout {
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

import { type Graph, type Node } from '../../graph/graph.js'
import { byteSize, sameShape } from '../../graph/types.js'
import type { Memory } from '../../ops/operator.js'
import { operator } from '../../ops/registry.js'
import { type Indexed, indexed } from './indexed.js'
import { dependencies, walk } from './order.js'

export interface Liveness {
  /** The most bytes that results of nodes take at one time, outputs of the graph included. */
  readonly peak: number
  /** The node at which that happens. */
  readonly at: Node | undefined
  /** Bytes of the graph's outputs; they live to the end of the run. */
  readonly outputs: number
  /** Per result of a node, by its number: the value that its memory was allocated for, or -1 where it is a view of an input. */
  readonly buffers: Int32Array
  /** Per result: the places in the order of execution at which its memory is allocated and becomes free; never, at the end. */
  readonly born: Int32Array
  readonly died: Int32Array
  /** What results take while each node of the order runs. */
  readonly needed: Float64Array
}

/** The memory of one run of a graph that stands in its file in the graph's order. */
export function liveness(graph: Graph): Liveness {
  const index = indexed(graph)
  return new Lifetimes(index).along(walk(dependencies(index), Array.from(graph.nodes.keys())))
}

/**
 * Memory as onnxruntime's CPU provider spends it: a result is allocated when its node runs and freed after its last
 * reader; views share their operand's memory, and kernels that work in place write over an operand that nothing else
 * reads any more.
 */
export class Lifetimes {
  /** Per value: bytes, how often nodes read it, whether the caller gets it. */
  private readonly bytes: Float64Array
  private readonly uses: Int32Array
  private readonly kept: Uint8Array
  /** Per node: the value over which its first result may be written, or -1. */
  private readonly overwrites: Int32Array
  /** Per node: whether its result is its first operand under another shape. */
  private readonly views: Uint8Array
  /** Per node: the bytes that it takes only while it runs. */
  private readonly extra: Float64Array

  constructor(private readonly index: Indexed) {
    const { graph, numbers, reads } = index
    this.bytes = new Float64Array(numbers.size)
    this.uses = new Int32Array(numbers.size)
    this.kept = new Uint8Array(numbers.size)
    this.views = new Uint8Array(graph.nodes.length)
    this.extra = new Float64Array(graph.nodes.length)
    graph.nodes.forEach((node, k) => {
      const { memory } = operator(node.op)
      if (memory?.view) this.views[k] = 1
      this.extra[k] = workspaceOf(node, memory) + nestedBytes(node)
    })
    numbers.forEach((number, value) => (this.bytes[number] = byteSize(value.type)))
    reads.items.forEach((value) => (this.uses[value] = (this.uses[value] ?? 0) + 1))
    for (const { value } of graph.outputs) {
      const number = numbers.get(value)
      if (number === undefined) continue
      this.kept[number] = 1
      this.uses[number] = (this.uses[number] ?? 0) + 1
    }
    this.overwrites = overwritten(index)
  }

  /** The memory when the nodes run in an order; only so far as to see that it is no less than `enough`. */
  along(order: readonly number[], enough = Infinity): Liveness {
    const { graph, makes, reads } = this.index
    // A buffer goes by the number of the value that it was allocated for; -1 is memory that is not ours.
    const bufferOf = new Int32Array(this.bytes.length).fill(-1)
    const open = new Float64Array(this.bytes.length)
    const born = new Int32Array(this.bytes.length)
    const died = new Int32Array(this.bytes.length).fill(order.length)
    const needed = new Float64Array(order.length)
    const release = (buffer: number, count: number, now: number): number => {
      if (buffer < 0) return 0
      const left = (open[buffer] ?? 0) - count
      // A buffer is freed once.
      open[buffer] = left === 0 ? NaN : left
      if (left !== 0) return 0
      died[buffer] = now
      return this.bytes[buffer] ?? 0
    }
    let live = 0
    let peak = 0
    let at = -1
    for (let i = 0; i < order.length && peak < enough; i++) {
      const node = order[i] ?? 0
      const first = makes[node] ?? 0
      const last = makes[node + 1] ?? 0
      for (let value = first; value < last; value++) {
        const shared = this.kept[value] === 1 ? undefined : this.shared(node, bufferOf, open)
        const buffer = shared ?? value
        bufferOf[value] = buffer
        if (shared === undefined) {
          live += this.bytes[value] ?? 0
          open[value] = 0
          born[value] = i
        }
        if (buffer >= 0) open[buffer] = (open[buffer] ?? 0) + (this.uses[value] ?? 0)
      }
      const now = live + (this.extra[node] ?? 0)
      needed[i] = now
      if (now > peak) {
        peak = now
        at = node
      }
      const end = reads.starts[node + 1] ?? 0
      for (let k = reads.starts[node] ?? 0; k < end; k++)
        live -= release(bufferOf[reads.items[k] ?? 0] ?? -1, 1, i)
      for (let value = first; value < last; value++)
        if (this.uses[value] === 0) live -= release(bufferOf[value] ?? -1, 0, i)
    }
    const outputs = graph.outputs.reduce((sum, { value }) => sum + byteSize(value.type), 0)
    return { peak, at: graph.nodes[at], outputs, buffers: bufferOf, born, died, needed }
  }

  private shared(node: number, bufferOf: Int32Array, open: Float64Array): number | undefined {
    // A view of an input or initializer takes no memory of its own.
    if (this.views[node] === 1) {
      const { starts, items } = this.index.reads
      const start = starts[node] ?? 0
      return start < (starts[node + 1] ?? 0) ? (bufferOf[items[start] ?? 0] ?? -1) : -1
    }
    const buffer = bufferOf[this.overwrites[node] ?? -1] ?? -1
    return buffer >= 0 && open[buffer] === 1 ? buffer : undefined
  }
}

/** Per node: its first operand, where its kernel writes the result over it; or -1. */
function overwritten({ graph, numbers }: Indexed): Int32Array {
  return Int32Array.from(graph.nodes, ({ op, inputs: [operand], outputs: [result] }) => {
    const [from, to] = [operand?.type, result?.type]
    if (!operator(op).memory?.inPlace || !operand || from?.dtype !== to?.dtype) return -1
    return sameShape(from?.shape ?? [], to?.shape ?? []) ? (numbers.get(operand) ?? -1) : -1
  })
}

/** What one round of a node's bodies takes, carried values included. */
const nestedBytes = (node: Node): number =>
  node.bodies.reduce((sum, { graph }) => sum + liveness(graph).peak, 0)

const workspaceOf = ({ inputs, outputs, attributes }: Node, memory: Memory | undefined): number =>
  memory?.workspace?.(
    outputs.map((v) => v.type),
    attributes,
    inputs.map((v) => v && v.type),
  ) ?? 0

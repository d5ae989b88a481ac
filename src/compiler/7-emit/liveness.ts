import { type Graph, type Node, type Value, bodies } from '../../graph/graph.js'
import { operands } from '../../graph/rewrite.js'
import { byteSize, sameShape } from '../../graph/types.js'
import { dependencies, walk } from './order.js'
import { workspaceBytes } from './workspace.js'

export interface Liveness {
  /** The most bytes that results of nodes take at one time, outputs of the graph included. */
  readonly peak: number
  /** The node at which that happens. */
  readonly at: Node | undefined
  /** Bytes of the graph's outputs; they live to the end of the run. */
  readonly outputs: number
}

/** The memory of one run of a graph that stands in its file in the graph's order. */
export function liveness(graph: Graph): Liveness {
  const file = graph.nodes.map((_, i) => i)
  return new Lifetimes(graph).along(walk(dependencies(graph), file))
}

/** What a node does with values, by number. */
interface Step {
  readonly reads: readonly number[]
  readonly makes: readonly number[]
  /** Values over which its first result may be written. */
  readonly overwrites: readonly number[]
  /** Its result is its first operand under another shape. */
  readonly view: boolean
  /** Bytes that it takes only while it runs. */
  readonly extra: number
}

/**
 * Memory as onnxruntime's CPU provider spends it: a result is allocated when its node runs and freed after its last
 * reader; views share their operand's memory, and elementwise nodes write into an operand that nothing else reads
 * any more.
 */
export class Lifetimes {
  private readonly steps: readonly Step[]
  /** Per value: bytes, how often nodes read it, whether the caller gets it. Values not made by nodes are not here. */
  private readonly bytes: number[] = []
  private readonly uses: number[] = []
  private readonly kept: boolean[] = []

  constructor(private readonly graph: Graph) {
    const numbers = new Map<Value, number>()
    for (const node of graph.nodes) {
      for (const value of node.outputs) {
        numbers.set(value, this.bytes.push(byteSize(value.type)) - 1)
        this.uses.push(0)
        this.kept.push(false)
      }
    }
    const numbered = (values: readonly (Value | null)[]): number[] =>
      values.flatMap((v) => (v ? (numbers.get(v) ?? []) : []))
    this.steps = graph.nodes.map((node) => {
      const reads = numbered(operands(node))
      for (const value of reads) this.uses[value] = (this.uses[value] ?? 0) + 1
      const [made] = node.outputs
      const alike = (v: Value | null): boolean =>
        v?.type.dtype === made?.type.dtype && sameShape(v?.type.shape ?? [], made?.type.shape ?? [])
      return {
        reads,
        makes: numbered(node.outputs),
        overwrites: inPlace.has(node.op) ? numbered(node.inputs.filter(alike)) : [],
        view: views.has(node.op),
        extra: workspaceBytes(node) + nestedBytes(node),
      }
    })
    for (const value of numbered(graph.outputs.map((o) => o.value))) {
      this.kept[value] = true
      this.uses[value] = (this.uses[value] ?? 0) + 1
    }
  }

  /** The memory when the nodes run in an order. */
  along(order: readonly number[]): Liveness {
    // A buffer goes by the number of the value that it was allocated for; -1 is memory that is not ours.
    const bufferOf: number[] = []
    const open: number[] = []
    let live = 0
    let peak = 0
    let at = -1
    for (const index of order) {
      const step = this.steps[index]
      if (!step) continue
      for (const value of step.makes) {
        const shared = this.kept[value] ? undefined : this.shared(step, bufferOf, open)
        const buffer = shared ?? value
        bufferOf[value] = buffer
        if (shared === undefined) {
          live += this.bytes[value] ?? 0
          open[value] = 0
        }
        if (buffer >= 0) open[buffer] = (open[buffer] ?? 0) + (this.uses[value] ?? 0)
      }
      if (live + step.extra > peak) {
        peak = live + step.extra
        at = index
      }
      for (const value of step.reads) live -= this.release(bufferOf[value] ?? -1, 1, open)
      for (const value of step.makes)
        if (this.uses[value] === 0) live -= this.release(bufferOf[value] ?? -1, 0, open)
    }
    const outputs = this.graph.outputs.reduce((sum, { value }) => sum + byteSize(value.type), 0)
    return { peak, at: this.graph.nodes[at], outputs }
  }

  /** Ends `count` uses of a buffer; the bytes that become free. */
  private release(buffer: number, count: number, open: number[]): number {
    if (buffer < 0) return 0
    const left = (open[buffer] ?? 0) - count
    // A buffer is freed once.
    open[buffer] = left === 0 ? NaN : left
    return left === 0 ? (this.bytes[buffer] ?? 0) : 0
  }

  private shared(step: Step, bufferOf: readonly number[], open: readonly number[]): number | undefined {
    // A view of an input or initializer takes no memory of its own.
    if (step.view) return bufferOf[step.reads[0] ?? -1] ?? -1
    for (const value of step.overwrites) {
      const buffer = bufferOf[value] ?? -1
      if (buffer >= 0 && open[buffer] === 1) return buffer
    }
    return undefined
  }
}

/** Nodes whose result is their first operand's memory under another shape. */
const views = new Set(['Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Identity'])

/** Nodes that may write their result over an operand of the same type. */
const inPlace = new Set(
  'Add Sub Mul Div Abs Neg Exp Log Sqrt Reciprocal Floor Ceil Erf Tanh Sigmoid Relu Clip Softplus'.split(' '),
)

/** What one round of a node's bodies takes, carried values included. */
const nestedBytes = (node: Node): number =>
  bodies(node).reduce((sum, { graph }) => sum + liveness(graph).peak, 0)

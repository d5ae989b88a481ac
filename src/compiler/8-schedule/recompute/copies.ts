import { Builder, idAfter } from '../../../graph/builder.js'
import type { Graph, Node, Value } from '../../../graph/graph.js'
import { Copier, slice } from '../../../graph/rewrite.js'
import { zeroAfter } from './barrier.js'
import type { Cut } from './cut.js'

export interface Recomputed {
  readonly graph: Graph
  /** What the copies take. */
  readonly cost: number
}

/**
 * The graph in which late nodes, of early results that are not kept, read copies that are made right before the first of
 * them. Whenever copies have taken `window` bytes, what comes next waits for all before it.
 */
export const withCopies = (cut: Cut, kept: Uint8Array, window: number): Recomputed =>
  new Copying(cut, kept, window).run()

class Copying {
  private readonly b: Builder
  private readonly copier: Copier
  private readonly copied: Uint8Array
  private readonly lastRead: Int32Array
  private cost = 0
  /** Bytes of the copies since the last barrier. */
  private bytes = 0
  /** Results since then, as they stand in the cut graph. */
  private recent: Value[] = []
  /** Results before it that have not been made to wait for it. */
  private loose = new Map<Value, Value>()

  constructor(
    private readonly cut: Cut,
    private readonly kept: Uint8Array,
    private readonly window: number,
  ) {
    this.b = new Builder({ next: idAfter(cut.graph) })
    this.copier = new Copier(this.b, {}, true)
    this.copied = new Uint8Array(cut.at)
    this.lastRead = lastReads(cut)
  }

  run(): Recomputed {
    const { graph, at } = this.cut
    for (const input of graph.inputs) this.copier.value(input)
    graph.nodes.forEach((node, k) => {
      if (k < at) this.b.adopt(node)
      else this.late(node, k)
    })
    const outputs = graph.outputs.map((output) => ({ ...output, value: this.copier.value(output.value) }))
    return { graph: slice(this.b.finish(graph.name, outputs)), cost: this.cost }
  }

  private late(node: Node, place: number): void {
    const missing = this.missing(place)
    const bytes = missing.reduce((sum, early) => sum + (this.cut.late[early] ?? 0), 0)
    if (this.bytes + bytes > this.window && this.recent.length > 0) this.barrier(place)
    this.bytes += bytes
    for (const early of missing) {
      const original = this.cut.graph.nodes[early]
      if (!original) continue
      this.add(original, (inputs) =>
        original.bodies.length > 0 ? this.copier.keep(original, inputs) : this.b.copy(original, inputs),
      )
      this.cost += this.cut.cost[early] ?? 0
    }
    for (const input of node.inputs) if (input) this.wait(input)
    this.add(node, (inputs) => this.copier.keep(node, inputs))
    this.recent.push(...node.outputs)
  }

  private add(node: Node, make: (inputs: readonly (Value | null)[]) => readonly Value[]): void {
    this.b.span = node.span
    const inputs = node.inputs.map((v) => v && this.copier.value(v))
    const made = make(inputs)
    node.outputs.forEach((old, k) => {
      const value = made[k]
      if (value && value !== old) this.copier.set(old, value)
    })
  }

  /** The early nodes that a late one needs copies of, in their order. */
  private missing(reader: number): readonly number[] {
    const { makers, reads } = this.cut.index
    const found: number[] = []
    const look = (node: number): void => {
      const end = reads.starts[node + 1] ?? 0
      for (let k = reads.starts[node] ?? 0; k < end; k++) {
        const maker = makers[reads.items[k] ?? 0] ?? 0
        if (maker >= this.cut.at || this.kept[maker] === 1 || this.copied[maker] === 1) continue
        this.copied[maker] = 1
        found.push(maker)
      }
    }
    look(reader)
    for (let k = 0; k < found.length; k++) look(found[k] ?? 0)
    return found.sort((x, y) => x - y)
  }

  private barrier(place: number): void {
    const { numbers } = this.cut.index
    const ends = this.recent.filter((v) => (this.lastRead[numbers.get(v) ?? -1] ?? -1) >= place)
    const zero = zeroAfter(
      this.b,
      ends.map((v) => this.copier.value(v)),
    )
    this.loose = new Map(zero ? ends.flatMap((v) => (v.type.dtype === 'f32' ? [[v, zero]] : [])) : [])
    this.recent = []
    this.bytes = 0
  }

  private wait(value: Value): void {
    const zero = this.loose.get(value)
    if (!zero) return
    this.loose.delete(value)
    this.copier.set(value, this.b.op('Sub', [this.copier.value(value), zero]))
  }
}

function lastReads({ graph, index: { makers, numbers, reads } }: Cut): Int32Array {
  const last = new Int32Array(makers.length).fill(-1)
  for (let node = 0; node < graph.nodes.length; node++) {
    const end = reads.starts[node + 1] ?? 0
    for (let k = reads.starts[node] ?? 0; k < end; k++) last[reads.items[k] ?? 0] = node
  }
  for (const { value } of graph.outputs) {
    const number = numbers.get(value)
    if (number !== undefined) last[number] = graph.nodes.length
  }
  return last
}

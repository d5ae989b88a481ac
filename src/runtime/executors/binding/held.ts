import type { GraphSpec } from '../../../artefact/graphs.js'
import type { State } from '../../../artefact/roles.js'
import type { Tensor } from '../../onnxruntime.js'
import type { SessionSettings } from '../../session.js'
import { type HostTensor, zeros } from '../../tensors.js'
import type { Feed, HeldGraph, HeldState, HeldType, Input, Output } from '../executor.js'
import { BindingGraph } from './graph.js'
import { fromTensor, toTensor } from './tensors.js'

/** State in the memory of JavaScript: the binding hands over every output of a run as a copy. */
export class BindingState implements HeldState {
  private readonly state = new Map<string, Tensor>()
  /** What the micro-batches of a step leave for the next: sums of gradients, and states. */
  private readonly left = new Map<string, Tensor>()
  private readonly next = new Map<string, Tensor>()
  private readonly zeros = new Map<string, Tensor>()
  private readonly graphs: BindingGraph[] = []

  set(key: string, { dtype, shape }: HeldType, values: HostTensor['data'] | null): void {
    this.state.set(key, toTensor(values ? { dtype, shape, data: values } : zeros(dtype, shape)))
  }

  async load(
    spec: GraphSpec,
    model: Uint8Array,
    settings: SessionSettings,
    keyOf: (state: State) => string,
  ): Promise<HeldGraph> {
    const graph = await BindingGraph.load(spec, model, settings)
    this.graphs.push(graph)
    return { run: (feed) => this.run(graph, feed, keyOf) }
  }

  private async run(graph: BindingGraph, feed: Feed, keyOf: (state: State) => string) {
    const tensorOf = (input: Input): Tensor | null => {
      if (input.role.kind === 'state') return this.readOrZeros(keyOf(input.role.state), input)
      const fed = feed(input)
      return fed && toTensor(fed)
    }
    const results = new Map<Output, HostTensor>()
    this.next.clear()
    for (const [output, tensor] of await graph.runTensors(tensorOf, graph.spec.outputs)) {
      const { role } = output
      if (role.kind === 'state') this.next.set(keyOf(role.state), tensor)
      else results.set(output, fromTensor(tensor))
    }
    return results
  }

  private readOrZeros(key: string, { dtype, shape }: Input): Tensor {
    const held = this.left.get(key) ?? this.state.get(key) ?? this.zeros.get(key)
    if (held) return held
    const zero = toTensor(zeros(dtype, shape))
    this.zeros.set(key, zero)
    return zero
  }

  read(key: string): HostTensor | undefined {
    const held = this.left.get(key) ?? this.state.get(key)
    return held && fromTensor(held)
  }

  copy(key: string, into: Uint8Array): void {
    const data = this.read(key)?.data
    if (!data) throw new Error(`no state ${key}`)
    into.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }

  *values(): Iterable<HostTensor> {
    for (const tensor of this.state.values()) yield fromTensor(tensor)
  }

  *given(): Iterable<HostTensor> {
    for (const tensor of this.next.values()) yield fromTensor(tensor)
  }

  advance(): void {
    for (const [key, tensor] of this.next) this.left.set(key, tensor)
    this.next.clear()
  }

  commit(): void {
    for (const [key, tensor] of this.next) {
      if (!this.state.has(key)) continue
      this.state.get(key)?.dispose()
      this.state.set(key, tensor)
    }
    this.drop()
  }

  drop(): void {
    this.left.clear()
    this.next.clear()
  }

  async close(): Promise<void> {
    for (const graph of this.graphs.splice(0)) await graph.release()
  }
}

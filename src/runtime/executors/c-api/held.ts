import { formatType } from '../../../graph/types.js'
import type { GraphSpec } from '../../../artefact/graphs.js'
import type { State } from '../../../artefact/roles.js'
import type { SessionSettings } from '../../session.js'
import type { HostTensor } from '../../tensors.js'
import type { HeldGraph, HeldState, HeldType, Input } from '../executor.js'
import { Cell } from './cell.js'
import { CApiHeldGraph } from './held-graph.js'
import type { Library } from './library.js'
import type { Memory } from './memory.js'
import { Session } from './session.js'
import { OrtTensor } from './tensor.js'

/** State in tensors of onnxruntime, which runs read and write in place. */
export class CApiState implements HeldState {
  private readonly cells = new Map<string, Cell>()
  /** Zeros by type and shape. */
  private readonly zeros = new Map<string, OrtTensor>()
  private readonly graphs: CApiHeldGraph[] = []

  constructor(
    private readonly library: Library,
    private readonly memory: Memory,
  ) {}

  set(key: string, type: HeldType, values: HostTensor['data'] | null): void {
    this.cell(key, type).set(values)
  }

  async load(
    spec: GraphSpec,
    model: Uint8Array,
    settings: SessionSettings,
    keyOf: (state: State) => string,
  ): Promise<HeldGraph> {
    const session = await Session.create(this.library, spec, model, settings, {
      captured: settings.captured === true,
    })
    const graph = new CApiHeldGraph(spec, session, {
      memory: this.memory,
      read: (input, state) => this.cell(keyOf(state), input).current ?? this.zerosOf(input),
      cell: (output, state) => this.cell(keyOf(state), output),
      begin: () => this.cells.forEach((cell) => (cell.next = undefined)),
    })
    this.graphs.push(graph)
    return graph
  }

  read(key: string): HostTensor | undefined {
    return this.cells.get(key)?.current?.read()
  }

  copy(key: string, into: Uint8Array): void {
    const held = this.cells.get(key)?.current
    if (!held) throw new Error(`no state ${key}`)
    held.copy(into)
  }

  *values(): Iterable<HostTensor> {
    for (const { state } of this.cells.values()) if (state) yield state.read()
  }

  *given(): Iterable<HostTensor> {
    for (const { next } of this.cells.values()) if (next) yield next.read()
  }

  advance(): void {
    for (const cell of this.cells.values()) cell.advance()
  }

  commit(): void {
    for (const cell of this.cells.values()) cell.commit()
  }

  drop(): void {
    for (const cell of this.cells.values()) cell.drop()
  }

  async close(): Promise<void> {
    for (const graph of this.graphs.splice(0)) graph.release()
    for (const held of [...this.cells.values(), ...this.zeros.values()]) held.release()
    this.cells.clear()
    this.zeros.clear()
  }

  private cell(key: string, type: HeldType): Cell {
    const known = this.cells.get(key)
    if (known) return known
    const cell = new Cell(this.memory, type)
    this.cells.set(key, cell)
    return cell
  }

  private zerosOf(input: Input): OrtTensor {
    const type = formatType(input)
    const known = this.zeros.get(type)
    if (known) return known
    const zero = OrtTensor.room(this.memory, input)
    zero.clear()
    this.zeros.set(type, zero)
    return zero
  }
}

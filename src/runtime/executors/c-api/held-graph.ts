import type { GraphSpec } from '../../../artefact/graphs.js'
import type { State } from '../../../artefact/roles.js'
import type { Feed, HeldGraph, Input, Output, Results } from '../executor.js'
import { told } from '../told.js'
import type { Cell } from './cell.js'
import type { Pointer } from './library.js'
import type { Memory } from './memory.js'
import type { Session } from './session.js'
import { OrtTensor } from './tensor.js'

/** What a graph needs of the state that it runs on. */
export interface Held {
  /** Where its tensors lie. */
  readonly memory: Memory
  readonly read: (input: Input, state: State) => OrtTensor
  readonly cell: (output: Output, state: State) => Cell
  /** What an earlier run gave and nobody has taken over is forgotten. */
  readonly begin: () => void
}

/** What a run reads and writes, as onnxruntime was told. */
interface Bound {
  readonly pointer: Pointer
  /** Where the runs of a session are captured: which capture is this one's. */
  readonly options: Pointer | null
}

/**
 * A graph of a stage. onnxruntime is told once for each way in which the rooms of the state take turns what a run reads
 * and writes; what is fed, and loss, norm and monitors, have rooms that stay the same: a captured run finds everything
 * where it was.
 */
export class CApiHeldGraph implements HeldGraph {
  private readonly bound = new Map<string, Bound>()
  private readonly fed = new Map<Input, OrtTensor>()
  private readonly results: ReadonlyMap<Output, OrtTensor>

  constructor(
    private readonly spec: GraphSpec,
    private readonly session: Session,
    private readonly held: Held,
  ) {
    const given = spec.outputs.filter(({ role }) => role.kind !== 'state')
    this.results = new Map(given.map((output) => [output, OrtTensor.room(held.memory, output)]))
  }

  async run(feed: Feed): Promise<Results> {
    const { library, pointer } = this.session
    this.held.begin()
    const read = new Map<string, OrtTensor>()
    const written = new Map<string, OrtTensor>()
    const given: [Cell, OrtTensor][] = []
    for (const output of this.spec.outputs) {
      const { role } = output
      const room =
        role.kind === 'state' ? this.held.cell(output, role.state).free() : this.results.get(output)
      if (room) written.set(output.name, room)
      if (room && role.kind === 'state') given.push([this.held.cell(output, role.state), room])
    }
    await told(this.spec, () => {
      for (const input of this.spec.inputs) {
        const room =
          input.role.kind === 'state' ? this.held.read(input, input.role.state) : this.feed(input, feed)
        if (room) read.set(input.name, room)
      }
      const { pointer: binding, options } = this.bind(read, written)
      library.call('RunWithBinding', pointer, options, binding)
    })
    for (const [cell, room] of given) cell.next = room
    return new Map([...this.results].map(([output, room]) => [output, room.read()]))
  }

  /** The room of an input, with its values; nothing where linking has bound it to a file. */
  private feed(input: Input, feed: Feed): OrtTensor | undefined {
    const tensor = feed(input)
    if (!tensor) return undefined
    const room = this.fed.get(input) ?? OrtTensor.room(this.held.memory, input)
    this.fed.set(input, room)
    room.fill(tensor)
    return room
  }

  /** Bindings stay as they are once made. */
  private bind(read: ReadonlyMap<string, OrtTensor>, written: ReadonlyMap<string, OrtTensor>): Bound {
    const { library, pointer } = this.session
    const key = [...read.values(), ...written.values()].map((tensor) => tensor.pointer).join()
    const known = this.bound.get(key)
    if (known) return known
    const sources = new Set(read.values())
    for (const [name, room] of written)
      if (sources.has(room)) throw new Error(`${this.spec.file}: ${name} would be written where it is read`)
    const binding = library.make('CreateIoBinding', pointer)
    for (const [name, tensor] of read) library.call('BindInput', binding, name, tensor.pointer)
    for (const [name, room] of written) library.call('BindOutput', binding, name, room.pointer)
    const bound = { pointer: binding, options: this.session.runOptions(this.bound.size + 1) }
    this.bound.set(key, bound)
    return bound
  }

  release(): void {
    const { library } = this.session
    for (const { pointer, options } of this.bound.values()) {
      library.release('ReleaseIoBinding', pointer)
      if (options !== null) library.release('ReleaseRunOptions', options)
    }
    for (const tensor of [...this.fed.values(), ...this.results.values()]) tensor.release()
    this.session.release()
  }
}

import type { GraphSpec } from '../../../artefact/graphs.js'
import type { State } from '../../../artefact/roles.js'
import { type HostTensor, zeros } from '../../tensors.js'
import type { Feed, HeldGraph, Input, Output, Results } from '../executor.js'
import { told } from '../told.js'
import type { Cell } from './cell.js'
import type { Pointer } from './library.js'
import type { Session } from './session.js'
import { OrtTensor } from './tensor.js'

/** What a graph needs of the state that it runs on. */
export interface Held {
  readonly read: (input: Input, state: State) => OrtTensor
  readonly cell: (output: Output, state: State) => Cell
  /** What an earlier run gave and nobody has taken over is forgotten. */
  readonly begin: () => void
}

/**
 * A graph of a stage. onnxruntime is told once for each way in which the rooms of the state take turns what a run reads
 * and writes; loss, norm and monitors go to memory of JavaScript that stays the same.
 */
export class CApiHeldGraph implements HeldGraph {
  private readonly bindings = new Map<string, Pointer>()
  private readonly results: readonly { output: Output; values: HostTensor; tensor: OrtTensor }[]

  constructor(
    private readonly spec: GraphSpec,
    private readonly session: Session,
    private readonly held: Held,
  ) {
    this.results = spec.outputs.flatMap((output) => {
      if (output.role.kind === 'state') return []
      const values = zeros(output.dtype, output.shape)
      return [{ output, values, tensor: OrtTensor.around(session.library, values) }]
    })
  }

  async run(feed: Feed): Promise<Results> {
    const { library, pointer } = this.session
    this.held.begin()
    const read = new Map<string, OrtTensor>()
    const fed: OrtTensor[] = []
    const written = new Map<string, OrtTensor>()
    const given: [Cell, OrtTensor][] = []
    for (const input of this.spec.inputs)
      if (input.role.kind === 'state') read.set(input.name, this.held.read(input, input.role.state))
    for (const output of this.spec.outputs) {
      if (output.role.kind !== 'state') continue
      const cell = this.held.cell(output, output.role.state)
      const room = cell.free()
      given.push([cell, room])
      written.set(output.name, room)
    }
    try {
      await told(this.spec, () => {
        const binding = this.binding(read, written)
        for (const input of this.spec.inputs) {
          const values = input.role.kind === 'state' ? null : feed(input)
          if (!values) continue
          const tensor = OrtTensor.around(library, values)
          fed.push(tensor)
          library.call('BindInput', binding, input.name, tensor.pointer)
        }
        library.call('RunWithBinding', pointer, null, binding)
      })
    } finally {
      for (const tensor of fed) tensor.release()
    }
    for (const [cell, room] of given) cell.next = room
    return new Map(this.results.map(({ output, tensor }) => [output, tensor.read()]))
  }

  /** Bindings stay as they are once made: what is captured for one must find everything where it was. */
  private binding(read: ReadonlyMap<string, OrtTensor>, written: ReadonlyMap<string, OrtTensor>): Pointer {
    const { library, pointer } = this.session
    const key = [...read.values(), ...written.values()].map((tensor) => tensor.pointer).join()
    const known = this.bindings.get(key)
    if (known !== undefined) return known
    const sources = new Set(read.values())
    for (const [name, room] of written)
      if (sources.has(room)) throw new Error(`${this.spec.file}: ${name} would be written where it is read`)
    const binding = library.make('CreateIoBinding', pointer)
    for (const [name, tensor] of read) library.call('BindInput', binding, name, tensor.pointer)
    for (const [name, room] of written) library.call('BindOutput', binding, name, room.pointer)
    for (const { output, tensor } of this.results)
      library.call('BindOutput', binding, output.name, tensor.pointer)
    this.bindings.set(key, binding)
    return binding
  }

  release(): void {
    const { library } = this.session
    for (const binding of this.bindings.values()) library.release('ReleaseIoBinding', binding)
    for (const { tensor } of this.results) tensor.release()
    this.session.release()
  }
}

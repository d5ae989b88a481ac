import type { StageSpec } from '../artefact/stages.js'
import { byteSize } from '../graph/types.js'
import { writeSafetensors } from '../weights/safetensors.js'
import { freeMemory } from './free-memory.js'
import { type WriteTensors, statesIn } from './stage-state.js'
import type { StateCopy } from './step-loop.js'
import type { TrainContext } from './train-context.js'

/** No copy takes more than this share of the memory that is free: evaluations and later stages need theirs. */
const mostOfFree = 0.25

/** What one buffer holds everywhere. */
const mostBytes = 2 ** 32 - 1

/** Copies of a stage's state, from which checkpoints are written while training goes on. */
export class StateCopies {
  /** Of the last copy: the next one takes its place. */
  private memory = new SharedArrayBuffer(0)

  constructor(private readonly free = freeMemory) {}

  /**
   * Writes the state as it is now, whatever steps are taken meanwhile; undefined where there is no memory for a copy. What
   * is written from an earlier copy must be done.
   */
  async take(stage: StageSpec, context: TrainContext): Promise<WriteTensors | undefined> {
    const copies = this.placesOf(stage, context)
    if (!copies) return undefined
    await context.thread.call('copyState', [copies])
    const content = new Map(copies.map(({ key, into }) => [key, into]))
    const copyOf = (key: string): Uint8Array => {
      const copy = content.get(key)
      if (!copy) throw new Error(`no copy of ${key}`)
      return copy
    }
    return (file, tensors) =>
      writeSafetensors(
        file,
        tensors.map((t) => ('key' in t ? { ...t, content: copyOf(t.key) } : t)),
        { format: 'pt' },
      )
  }

  private placesOf(stage: StageSpec, context: TrainContext): readonly StateCopy[] | undefined {
    const sizes = [...statesIn(stage, context)].map(([key, type]) => [key, byteSize(type)] as const)
    const memory = this.room(sizes.reduce((sum, [, size]) => sum + size, 0))
    if (!memory) return undefined
    let at = 0
    return sizes.map(([key, size]) => {
      const into = new Uint8Array(memory, at, size)
      at += size
      return { key, into }
    })
  }

  private room(bytes: number): SharedArrayBuffer | undefined {
    if (this.memory.byteLength === bytes) return this.memory
    if (bytes > Math.min(mostBytes, mostOfFree * this.free())) return undefined
    try {
      this.memory = new SharedArrayBuffer(bytes)
    } catch (error) {
      // the system may give less than it says is free
      if (error instanceof RangeError) return undefined
      throw error
    }
    return this.memory
  }
}

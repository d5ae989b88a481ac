import type { HeldType } from '../executor.js'
import type { Memory } from './memory.js'
import { OrtTensor } from './tensor.js'

/**
 * A tensor of the state and its next values. Two rooms take turns, since no run may write what it reads; a third one is
 * made where micro-batches leave something while the state must stay as it was.
 */
export class Cell {
  private readonly rooms: OrtTensor[] = []
  /** Of the state. */
  private own: OrtTensor | undefined
  /** What micro-batches have left for the next run. */
  private left: OrtTensor | undefined
  /** What the last run gave. */
  next: OrtTensor | undefined

  constructor(
    private readonly memory: Memory,
    private readonly type: HeldType,
  ) {}

  /** Values of the state; null: zeros. */
  set(values: ArrayBufferView | null): void {
    this.own = this.free()
    if (values) this.own.write(values)
    else this.own.clear()
  }

  get state(): OrtTensor | undefined {
    return this.own
  }

  /** What the next run reads. */
  get current(): OrtTensor | undefined {
    return this.left ?? this.own
  }

  /** Room for what the next run gives: none that holds what is still to be read. */
  free(): OrtTensor {
    const known = this.rooms.find((room) => room !== this.own && room !== this.left)
    if (known) return known
    const room = OrtTensor.room(this.memory, this.type)
    this.rooms.push(room)
    return room
  }

  advance(): void {
    this.left = this.next ?? this.left
    this.next = undefined
  }

  commit(): void {
    if (this.own && this.next) this.own = this.next
    this.drop()
  }

  drop(): void {
    this.left = undefined
    this.next = undefined
  }

  release(): void {
    for (const room of this.rooms) room.release()
  }
}

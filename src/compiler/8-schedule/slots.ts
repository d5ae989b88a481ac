import { byteSize, formatType } from '../../graph/types.js'
import type { Indexed } from './indexed.js'
import type { Liveness } from './liveness.js'
import { MostOf } from './most-of.js'

/** A result that memory was allocated for, and its place in the order of execution. */
interface Owner {
  readonly number: number
  readonly type: string
  readonly bytes: number
  readonly born: number
  readonly died: number
}

/**
 * Which results take memory one after the other: per result of a node, by its number, the first one in the same memory,
 * or -1 where it lies in that of an input.
 *
 * onnxruntime holds memory from the first result in it to the last. So a result follows another of its type only where
 * that is free: what is held in between never makes for more than the peak. Without that a session of a large graph
 * takes long to be made: for each result onnxruntime looks through all memory that is dead and was not taken again.
 */
export function slots(
  { graph, numbers }: Indexed,
  { buffers, born, died, needed, peak }: Liveness,
): Int32Array {
  const outputs = new Set(graph.outputs.map(({ value }) => value))
  const owners: Owner[] = []
  numbers.forEach((number, value) => {
    if (buffers[number] !== number || outputs.has(value)) return
    const [type, bytes] = [formatType(value.type), byteSize(value.type)]
    owners.push({ number, type, bytes, born: born[number] ?? 0, died: died[number] ?? 0 })
  })
  const most = new MostOf(needed)
  const first = buffers.slice()
  /** What is dead and not followed, by type, the latest at the end. */
  const free = new Map<string, Owner[]>()
  const dying = owners.toSorted((a, b) => a.died - b.died)
  let dead = 0
  for (const owner of owners.sort((a, b) => a.born - b.born || a.number - b.number)) {
    for (let other = dying[dead]; other && other.died < owner.born; other = dying[++dead]) {
      const others = free.get(other.type)
      if (others) others.push(other)
      else free.set(other.type, [other])
    }
    // held for longer, an earlier one would take no less
    const before = free.get(owner.type)?.at(-1)
    if (!before || most.between(before.died + 1, owner.born) + owner.bytes > peak) continue
    free.get(owner.type)?.pop()
    most.add(before.died + 1, owner.born, owner.bytes)
    first[owner.number] = first[before.number] ?? before.number
  }
  return first.map((owner) => (owner < 0 ? owner : (first[owner] ?? owner)))
}

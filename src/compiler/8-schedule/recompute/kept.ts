import { type Cut, bytesMade } from './cut.js'

/**
 * Which early nodes keep their results in memory, when those of the first `count` candidates are dropped. These are
 * computed again in segments, of which one is in memory at a time: where it would take more than `room`, with what is
 * kept before it, its narrowest place becomes a boundary, and what is read across stays.
 */
export function keptWith(cut: Cut, count: number, room: number): Uint8Array {
  const { graph, at, candidates, late, roots, across, lastRead } = cut
  const dropped = new Uint8Array(at)
  for (let k = 0; k < count; k++) dropped[candidates[k] ?? 0] = 1
  const kept = new Uint8Array(at)
  let stays = 0
  let segment = 0
  let start = 0
  for (let node = 0; node < at; node++) {
    const bytes = late[node] ?? 0
    if (dropped[node] === 1) segment += bytes
    else if (bytes > 0) {
      kept[node] = 1
      stays += bytes
    }
    if (stays + segment <= room || node === start) continue
    const end = narrowest(across, start + ((node - start) >> 1), node - 1)
    for (let k = start; k <= end; k++) {
      const made = graph.nodes[k]
      if (dropped[k] === 1) segment -= late[k] ?? 0
      if (!made || kept[k] === 1 || roots[k] !== k || (lastRead[k] ?? 0) <= end) continue
      kept[k] = 1
      stays += bytesMade(made)
    }
    start = end + 1
  }
  // A view lies where its root does; one of what is fed is there anyway.
  roots.forEach((root, node) => (kept[node] = root < 0 ? 1 : (kept[root] ?? 0)))
  return kept
}

/** The last of the places from `first` to `last` across which least goes. */
function narrowest(across: Float64Array, first: number, last: number): number {
  let best = first
  for (let k = first; k <= last; k++) if ((across[k] ?? 0) <= (across[best] ?? 0)) best = k
  return best
}

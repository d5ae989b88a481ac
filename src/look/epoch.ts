import { Batches } from '../runtime/order/batches.js'
import type { Cursor, StreamCursor } from '../runtime/order/cursor.js'
import { type Sample, alone } from '../runtime/order/order.js'
import type { Group, Rows } from '../runtime/rows/rows.js'
import { isStream } from '../runtime/sources/dataset.js'

/** How many rows a group has; undefined for a stream, whose rows nobody has counted. */
export function lengthOf({ parts }: Group): number | undefined {
  let length = 0
  for (const { rows } of parts) {
    if (isStream(rows)) return undefined
    length += rows.length
  }
  return length
}

/** The rows that an epoch of training begins with, in its order. */
export class EpochRows {
  private readonly batches: Batches
  private readonly start: number
  private taken = 0
  private ended = false

  constructor(
    rows: Rows,
    data: string,
    seed: number,
    private readonly epoch: number,
  ) {
    this.batches = new Batches(rows, { ...alone, seed, data }, cursorAt(rows, epoch))
    const [only] = rows.groups
    this.start = only && rows.groups.length === 1 ? epoch * (lengthOf(only) ?? 0) : 0
  }

  /** At most so many more of them; none at the end of the epoch, which a mix has where its first part ends. */
  async take(most: number): Promise<readonly Sample[]> {
    if (this.ended) return []
    const samples = await this.batches.behind(this.start + this.taken, most)
    this.taken += most
    const end = samples.findIndex(({ epoch }) => epoch !== this.epoch)
    this.ended = end >= 0
    return this.ended ? samples.slice(0, end) : samples
  }

  close(): Promise<void> {
    return this.batches.close()
  }
}

/** Where a stream, or a mix, begins an epoch. */
function cursorAt({ groups }: Rows, epoch: number): Cursor | undefined {
  const stream: StreamCursor = {
    kind: 'stream',
    own: 0,
    epoch,
    shard: 0,
    from: 0,
    read: 0,
    given: 0,
    buffer: [],
  }
  const lengths = groups.map(lengthOf)
  if (lengths.length === 1) return lengths[0] === undefined ? stream : undefined
  return {
    kind: 'mix',
    all: 0,
    turns: lengths.map((length = 0) => ({ all: epoch * length, own: epoch * length })),
    parts: lengths.map((length) => (length === undefined ? stream : null)),
  }
}

import type { Group, Rows } from '../rows/rows.js'
import { Table } from '../rows/table.js'
import { isStream } from '../sources/dataset.js'
import type { Cursor } from './cursor.js'
import { IndexedOrder } from './indexed-order.js'
import { MixedOrder, type PartOrder } from './mixed-order.js'
import type { Order, OrderKey, Sample } from './order.js'
import { StreamOrder } from './stream-order.js'

/**
 * The batches of a data declaration in training. Batch k is a pure function of the key and k; the batches k of all ranks
 * are together the batch k of one process that takes as many rows as they do, as far as rows can be asked for by number.
 */
export class Batches {
  private readonly order: Order

  constructor(
    rows: Rows,
    private readonly key: OrderKey,
    cursor?: Cursor,
  ) {
    this.order = orderOf(rows, key, cursor)
  }

  /** Batch `index`, counted from 0, of so many rows. */
  batch(index: number, size: number): Promise<readonly Sample[]> {
    return this.behind(index * size, size)
  }

  /** So many rows behind the first `start`, where batches are not of one size. */
  behind(start: number, size: number): Promise<readonly Sample[]> {
    const { rank, world } = this.key
    return this.order.take(
      Array.from({ length: size }, (_, i) => {
        const own = start + i
        return { own, all: own * world + rank }
      }),
    )
  }

  /** Where it stands behind the batches taken so far; null where that need not be known. */
  cursor(): Cursor | null {
    return this.order.cursor()
  }

  close(): Promise<void> {
    return this.order.close()
  }
}

function orderOf({ groups }: Rows, key: OrderKey, cursor: Cursor | undefined): Order {
  const [only] = groups
  if (only && groups.length === 1) return orderOfGroup(only, key, cursor)
  const mixed = cursor?.kind === 'mix' ? cursor : undefined
  const parts = groups.map((group, k) =>
    orderOfGroup(group, { ...key, data: `${key.data}/${k}` }, mixed?.parts[k] ?? undefined),
  )
  const weights = groups.map(({ weight }) => weight)
  return new MixedOrder(parts, weights, key, mixed)
}

function orderOfGroup({ parts }: Group, key: OrderKey, cursor: Cursor | undefined): PartOrder {
  const [first] = parts
  if (first && isStream(first.rows)) {
    if (parts.length > 1) throw new Error('a stream is mixed by weights')
    return new StreamOrder(first.rows, key, cursor?.kind === 'stream' ? cursor : undefined, first.index)
  }
  const tables = parts.flatMap(({ index, rows }) => (isStream(rows) ? [] : [{ index, rows }]))
  return new IndexedOrder(new Table(tables), key)
}

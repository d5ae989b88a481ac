import { DataInvalid, type Row, type RowStream, type StreamRow, rowAt } from '../sources/dataset.js'
import type { StreamCursor } from './cursor.js'
import type { Order, OrderKey, Sample, Turn } from './order.js'
import { Words, shuffled } from './words.js'

/** A row that waits in the buffer. After a resumption it is read again when it is taken. */
interface Waiting {
  readonly shard: number
  readonly at: number
  readonly row: Row | undefined
}

const start: StreamCursor = {
  kind: 'stream',
  own: 0,
  epoch: 0,
  shard: 0,
  from: 0,
  read: 0,
  given: 0,
  buffer: [],
}

/**
 * The rows of a stream, epoch after epoch: the shards in an order that is shuffled for the epoch, their rows through a
 * buffer of which any may be next. The buffer empties at the end of an epoch, so that each epoch has every row once.
 * Ranks divide the shards between them; where there are fewer than ranks, all read all and divide the rows.
 */
export class StreamOrder implements Order<StreamCursor> {
  private own = 0
  private epoch = 0
  private shard = 0
  private from = 0
  private read = 0
  private given = 0
  private buffer: Waiting[] = []
  private order: readonly number[] = []
  private words = Words.of()
  private reader: AsyncIterator<StreamRow> | undefined

  constructor(
    private readonly stream: RowStream,
    private readonly key: OrderKey,
    cursor: StreamCursor = start,
    /** The stream's place among the parts of its declaration. */
    private readonly part = 0,
  ) {
    this.goTo(cursor)
  }

  async take(turns: readonly Turn[]): Promise<readonly Sample[]> {
    const samples: Sample[] = []
    for (const { own } of turns) {
      if (own < this.own) {
        await this.close()
        this.goTo(start)
      }
      while (this.own < own) await this.next()
      const { waiting, epoch } = await this.next()
      const { shard, at } = waiting
      const row = waiting.row ?? (await rowAt(this.stream, shard, at))
      samples.push({ part: this.part, row, epoch, id: `${shard}/${at}` })
    }
    return samples
  }

  cursor(): StreamCursor {
    const { own, epoch, shard, from, read, given } = this
    const buffer = this.buffer.map(({ shard: of, at }): [number, number] => [of, at])
    return { kind: 'stream', own, epoch, shard, from, read, given, buffer }
  }

  async close(): Promise<void> {
    await this.reader?.return?.()
    this.reader = undefined
  }

  private goTo({ own, epoch, shard, from, read, given, buffer }: StreamCursor): void {
    this.own = own
    this.begin(epoch)
    this.shard = shard
    this.from = from
    this.read = read
    this.given = given
    this.buffer = buffer.map(([of, at]) => ({ shard: of, at, row: undefined }))
  }

  private begin(epoch: number): void {
    const { seed, data, rank, world } = this.key
    this.epoch = epoch
    this.shard = this.from = this.read = this.given = 0
    const shards = [...shuffled(this.stream.shards, Words.of(seed, 'order', data, epoch))]
    this.order = this.dividesShards ? shards.filter((_, place) => place % world === rank) : shards
    this.words = Words.of(seed, 'buffer', data, epoch, rank, world)
  }

  private get dividesShards(): boolean {
    return this.stream.shards >= this.key.world
  }

  private async next(): Promise<{ readonly waiting: Waiting; readonly epoch: number }> {
    await this.fill()
    if (this.buffer.length === 0) {
      if (this.given === 0) throw new DataInvalid('it has no rows', 'look at its files')
      this.begin(this.epoch + 1)
      await this.fill()
    }
    const { buffer, epoch } = this
    const k = this.words.below(buffer.length, this.given)
    const waiting = buffer[k]
    const last = buffer.pop()
    if (!waiting || !last) throw new DataInvalid('it has no rows any more', 'its files have changed')
    if (k < buffer.length) buffer[k] = last
    this.given++
    this.own++
    return { waiting, epoch }
  }

  private async fill(): Promise<void> {
    const size = Math.max(1, this.stream.shuffle)
    while (this.buffer.length < size) {
      const waiting = await this.readRow()
      if (!waiting) return
      this.buffer.push(waiting)
    }
  }

  /** The next row of this rank in the epoch's shards, if there is one. */
  private async readRow(): Promise<Waiting | undefined> {
    const { rank, world } = this.key
    for (;;) {
      const shard = this.order[this.shard]
      if (shard === undefined) return undefined
      this.reader ??= this.stream.read(shard, this.from)[Symbol.asyncIterator]()
      const result = await this.reader.next()
      if (result.done === true) {
        this.reader = undefined
        this.shard++
        this.from = 0
        continue
      }
      const { at, next, row } = result.value
      this.from = next
      if (this.dividesShards || this.read++ % world === rank) return { shard, at, row }
    }
  }
}

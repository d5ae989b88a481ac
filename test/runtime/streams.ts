import type { RowStream } from '../../src/runtime/sources/dataset.js'

/** A stream of numbered rows, which counts what is read of it; `sizes` are the rows of its shards, a place is 10 bytes. */
export class Numbers implements RowStream {
  readonly fingerprint = 'numbers'
  readonly shards: number
  /** The rows read so far, in order. */
  readonly seen: number[] = []

  constructor(
    readonly sizes: readonly number[],
    readonly shuffle: number,
  ) {
    this.shards = sizes.length
  }

  get length(): number {
    return this.sizes.reduce((a, b) => a + b, 0)
  }

  async *read(shard: number, from: number) {
    const first = this.sizes.slice(0, shard).reduce((a, b) => a + b, 0)
    for (let i = from / 10; i < (this.sizes[shard] ?? 0); i++) {
      this.seen.push(first + i)
      yield { row: { x: Float32Array.of(first + i) }, at: 10 * i, next: 10 * (i + 1) }
    }
  }
}

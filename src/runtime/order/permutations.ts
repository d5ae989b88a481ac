import { Words, shuffled } from './words.js'

/**
 * The order of so many rows in training: epoch after epoch, each a shuffle of all that is a pure function of
 * (seed, data name, epoch). Batches run on over the ends of epochs, so no row is dropped.
 */
export class Permutations {
  private readonly epochs = new Map<number, Uint32Array>()

  constructor(
    private readonly seed: number,
    private readonly data: string,
    private readonly length: number,
  ) {}

  /** The row at a position, counted from 0 over all epochs. */
  row(position: number): number {
    return this.shuffled(this.epoch(position))[position % this.length] ?? 0
  }

  epoch(position: number): number {
    return Math.floor(position / this.length)
  }

  private shuffled(epoch: number): Uint32Array {
    const known = this.epochs.get(epoch)
    if (known) return known
    // A batch touches an epoch and perhaps the next ones; older ones do not come back.
    for (const old of this.epochs.keys()) if (old < epoch - 1) this.epochs.delete(old)
    const rows = shuffled(this.length, Words.of(this.seed, 'order', this.data, epoch))
    this.epochs.set(epoch, rows)
    return rows
  }
}

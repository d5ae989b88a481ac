import { drawKey } from './draws.js'
import { Philox } from './philox.js'

/**
 * The order of a data set's rows in training: epoch after epoch, each a shuffle that is a pure function of
 * (seed, data name, epoch). Batches run on over the ends of epochs, so no row is dropped.
 */
export class RowOrder {
  private readonly epochs = new Map<number, Uint32Array>()

  constructor(
    private readonly seed: number,
    private readonly data: string,
    private readonly length: number,
  ) {}

  /** The rows of batch `index`, counted from 0. */
  batch(index: number, size: number): readonly number[] {
    return Array.from({ length: size }, (_, i) => this.row(index * size + i))
  }

  private row(position: number): number {
    const epoch = Math.floor(position / this.length)
    return this.shuffled(epoch)[position % this.length] ?? 0
  }

  private shuffled(epoch: number): Uint32Array {
    const known = this.epochs.get(epoch)
    if (known) return known
    // A batch touches an epoch and perhaps the next ones; older ones do not come back.
    for (const old of this.epochs.keys()) if (old < epoch - 1) this.epochs.delete(old)
    const rows = shuffle(this.length, new Philox(...drawKey(this.seed, 'order', this.data, epoch)))
    this.epochs.set(epoch, rows)
    return rows
  }
}

/** Fisher-Yates from the last place down; word k of the stream is word k mod 4 of block k / 4. */
function shuffle(length: number, words: Philox): Uint32Array {
  const rows = Uint32Array.from({ length }, (_, i) => i)
  for (let i = length - 1, k = 0; i > 0; i--, k++) {
    if (k % 4 === 0) words.block(k / 4, 0, 0, 0)
    const word = [words.w0, words.w1, words.w2, words.w3][k % 4] ?? 0
    const j = Math.floor((word * (i + 1)) / 2 ** 32)
    const [a = 0, b = 0] = [rows[i], rows[j]]
    rows[i] = b
    rows[j] = a
  }
  return rows
}

import type { Dataset } from '../sources/dataset.js'
import type { Order, OrderKey, Sample, Turn } from './order.js'
import { Permutations } from './permutations.js'

/** Rows by number: each epoch a permutation of all, of which every rank takes its turns. */
export class IndexedOrder implements Order<never> {
  private readonly permutations: Permutations

  constructor(
    private readonly dataset: Dataset,
    { seed, data }: OrderKey,
  ) {
    this.permutations = new Permutations(seed, data, dataset.length)
  }

  take(turns: readonly Turn[]): Promise<readonly Sample[]> {
    const { permutations } = this
    return samplesOf(
      this.dataset,
      turns.map(({ all }) => ({ index: permutations.row(all), epoch: permutations.epoch(all) })),
    )
  }

  cursor(): null {
    return null
  }

  async close(): Promise<void> {}
}

/** Rows of a data set by number. */
export async function samplesOf(
  dataset: Dataset,
  places: readonly { readonly index: number; readonly epoch: number }[],
): Promise<readonly Sample[]> {
  await dataset.prepare?.(places.map(({ index }) => index))
  return Promise.all(
    places.map(async ({ index, epoch }) => ({ row: await dataset.row(index), epoch, id: `${index}` })),
  )
}

import type { Table } from '../rows/table.js'
import type { Order, OrderKey, Sample, Turn } from './order.js'
import { Permutations } from './permutations.js'

/** Rows by number: each epoch a permutation of all, of which every rank takes its turns. */
export class IndexedOrder implements Order<never> {
  private readonly permutations: Permutations

  constructor(
    private readonly table: Table,
    { seed, data }: OrderKey,
  ) {
    this.permutations = new Permutations(seed, data, table.length)
  }

  take(turns: readonly Turn[]): Promise<readonly Sample[]> {
    const { permutations } = this
    return this.table.samples(
      turns.map(({ all }) => ({ index: permutations.row(all), epoch: permutations.epoch(all) })),
    )
  }

  cursor(): null {
    return null
  }

  async close(): Promise<void> {}
}

import type { Sample } from '../order/order.js'
import type { Dataset } from '../sources/dataset.js'
import type { Part } from './rows.js'

/** The rows of several data sets by number, one set after the other. */
export class Table {
  readonly length: number
  private readonly starts: readonly number[]

  constructor(private readonly parts: readonly Part<Dataset>[]) {
    let length = 0
    this.starts = parts.map(({ rows }) => {
      length += rows.length
      return length - rows.length
    })
    this.length = length
  }

  async samples(
    wanted: readonly { readonly index: number; readonly epoch: number }[],
  ): Promise<readonly Sample[]> {
    const places = wanted.map(({ index, epoch }) => ({ index, epoch, ...this.place(index) }))
    for (const [k, { rows }] of this.parts.entries())
      await rows.prepare?.(places.flatMap((p) => (p.k === k ? [p.row] : [])))
    return Promise.all(
      places.map(async ({ index, epoch, part, row }) => ({
        part: part.index,
        row: await part.rows.row(row),
        epoch,
        id: `${index}`,
      })),
    )
  }

  private place(index: number): {
    readonly k: number
    readonly part: Part<Dataset>
    readonly row: number
  } {
    const k = this.starts.findLastIndex((start) => start <= index)
    const part = this.parts[k]
    const row = index - (this.starts[k] ?? 0)
    if (!part || row >= part.rows.length) throw new RangeError(`no row ${index}`)
    return { k, part, row }
  }
}

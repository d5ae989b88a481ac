import type { Dataset } from '../sources/dataset.js'
import { columnsOf } from './columns.js'

/** Some rows of a data set. */
export function selection(dataset: Dataset, chosen: ArrayLike<number>): Dataset {
  const at = (index: number): number => {
    const row = chosen[index]
    if (row === undefined) throw new RangeError(`no row ${index}`)
    return row
  }
  return {
    length: chosen.length,
    fingerprint: dataset.fingerprint,
    ...(dataset.names && { names: dataset.names }),
    prepare: async (rows) => dataset.prepare?.(rows.map(at)),
    row: (index) => dataset.row(at(index)),
    async columns(names) {
      const all = await columnsOf(dataset, names)
      return Array.from(chosen, (row) => all[row] ?? {})
    },
  }
}

import { otherColumn, ownColumn } from '../../sources/operations.js'
import { DataInvalid, type Dataset, type Row } from '../sources/dataset.js'
import { Words, shuffled } from '../order/words.js'
import { columnsOf } from './columns.js'

/**
 * Each row of a data set with another one beside it. All rows stand in one circle, which a number shuffles, and each
 * stands beside the next: no row beside itself, and each once in the second place.
 */
export function pairs(dataset: Dataset, seed: number): Dataset {
  const { length } = dataset
  if (length === 1) throw new DataInvalid('`pairs` of one row', 'it takes two rows at least')
  const circle = shuffled(length, Words.of('pairs', seed))
  const next = new Uint32Array(length)
  for (let k = 0; k < length; k++) next[circle[k] ?? 0] = circle[(k + 1) % length] ?? 0
  const other = (index: number): number => next[index] ?? index
  return {
    length,
    fingerprint: dataset.fingerprint,
    ...(dataset.names && {
      names: new Map(
        [...dataset.names].flatMap(([name, of]) => [
          [name, of],
          [otherColumn(name), of],
        ]),
      ),
    }),
    prepare: async (rows) => dataset.prepare?.([...rows, ...rows.map(other)]),
    async row(index) {
      const [first, second] = await Promise.all([dataset.row(index), dataset.row(other(index))])
      return { ...first, ...renamed(second) }
    },
    async columns(names) {
      const all = await columnsOf(dataset, [...new Set(names.flatMap((name) => [name, ownColumn(name)]))])
      return all.map((row, index) => ({ ...row, ...renamed(all[other(index)] ?? {}) }))
    },
  }
}

const renamed = (row: Row): Row =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [otherColumn(name), value]))

import { createHash } from 'node:crypto'
import type { HostExpression, RowPlan, SourcePlan } from '../../artefact/data.js'
import { bounds } from '../../sources/length.js'
import { type Evaluate, columnsIn, prepareScalar } from '../host-expression.js'
import { Words, shuffled } from '../order/words.js'
import { DataInvalid, type Dataset, type Row, type RowStream, isStream } from '../sources/dataset.js'
import { columnsOf } from './columns.js'
import { firstRows } from './first-rows.js'
import { pairs } from './pairs.js'
import { selection } from './selection.js'

type Opened = Dataset | RowStream

/** Opens a source; `root` is the project root. Throws DataMissing or DataInvalid. */
export type OpenDataset = (source: SourcePlan, root: string) => Promise<Opened>

/** Opens the rows of a plan: the source, and those that its operations leave. */
export async function openRows(plan: RowPlan, root: string, open: OpenDataset): Promise<Opened> {
  if (plan.kind === 'source') return open(plan, root)
  const rows = await openRows(plan.of, root, open)
  switch (plan.kind) {
    case 'limit': {
      const { count } = plan
      if (isStream(rows)) return firstRows(rows, count)
      const length = Math.min(count, rows.length)
      return selection(
        rows,
        Array.from({ length }, (_, i) => Math.floor((i * rows.length) / length)),
      )
    }
    case 'pairs': {
      if (isStream(rows))
        throw new DataInvalid(
          '`pairs` of rows that come one after the other',
          'take a source whose rows have numbers, such as image_folder or table',
        )
      return pairs(rows, plan.seed)
    }
    case 'where': {
      const keep = await prepareScalar(plan.condition, root, ['where'])
      return filtered(rows, plan.condition, async (row, id) => Boolean(await keep(making(row, id))))
    }
    case 'part': {
      const { from, to, by, seed } = plan
      const inside = (...key: readonly (string | number)[]): boolean => {
        const share = shareOf('part', seed, ...key)
        return from <= share && share < to
      }
      if (by) {
        const value = await prepareScalar(by, root, ['by'])
        return filtered(rows, by, async (row, id) => inside('by', await value(making(row, id))))
      }
      if (isStream(rows)) return filtered(rows, null, async (_, id) => inside('row', id))
      const [start, end] = bounds(from, to, rows.length)
      return selection(rows, shuffled(rows.length, Words.of('part', seed)).slice(start, end).sort())
    }
  }
}

/** Conditions see the same in every run, whatever its seed. */
const making = (row: Row, id: string): Parameters<Evaluate>[0] => ({
  sample: { part: 0, row, epoch: 0, id },
  seed: 0,
  lets: new Map(),
})

/** Where a name stands in [0, 1): 48 bits of its hash. */
const shareOf = (...key: readonly (string | number)[]): number =>
  createHash('sha256').update(key.join('\0')).digest().readUIntBE(0, 6) / 2 ** 48

/** The rows for which something holds, which follows from the columns of an expression and the row's name. */
async function filtered(
  rows: Opened,
  of: HostExpression | null,
  holds: (row: Row, id: string) => Promise<boolean>,
): Promise<Opened> {
  const needed = of ? columnsIn(of) : []
  if (isStream(rows)) {
    return {
      ...rows,
      async *read(shard, from, columns) {
        for await (const found of rows.read(shard, from, columns && [...columns, ...needed]))
          if (await holds(found.row, `${shard}/${found.at}`)) yield found
      },
    }
  }
  const values = await columnsOf(rows, needed)
  const kept: number[] = []
  for (const [index, row] of values.entries()) if (await holds(row, `${index}`)) kept.push(index)
  return selection(rows, kept)
}

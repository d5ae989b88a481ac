import { isStream } from '../sources/dataset.js'
import { firstRows } from './first-rows.js'
import type { Rows } from './rows.js'
import { Table } from './table.js'

/** All rows by number: those of a stream are counted, and each is read where it stands. */
export async function allRows({ groups }: Rows): Promise<Table> {
  const parts = groups.flatMap((group) => group.parts)
  return new Table(
    await Promise.all(
      parts.map(async ({ index, rows }) => ({ index, rows: isStream(rows) ? await firstRows(rows) : rows })),
    ),
  )
}

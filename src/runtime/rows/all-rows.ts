import { rowAt } from '../order/stream-order.js'
import { type Dataset, type RowStream, isStream } from '../sources/dataset.js'
import { joined } from './join.js'
import { type Rows, isMixture } from './rows.js'

/** All rows by number: those of a stream are counted, and each is read where it stands. */
export async function allRows(rows: Rows): Promise<Dataset> {
  if (isMixture(rows)) return joined(await Promise.all(rows.parts.map((part) => allRows(part.rows))))
  return isStream(rows) ? firstRows(rows) : rows
}

/** The first rows of a stream, in its own order. */
export async function firstRows(stream: RowStream, count = Infinity): Promise<Dataset> {
  const places: (readonly [number, number])[] = []
  for (let shard = 0; shard < stream.shards && places.length < count; shard++) {
    for await (const { at } of stream.read(shard, 0, [])) {
      places.push([shard, at])
      if (places.length >= count) break
    }
  }
  return {
    length: places.length,
    fingerprint: stream.fingerprint,
    row(index) {
      const place = places[index]
      if (!place) throw new RangeError(`no row ${index}`)
      return rowAt(stream, ...place)
    },
    async columns(names) {
      const rows = []
      for (let shard = 0; shard < stream.shards && rows.length < places.length; shard++) {
        for await (const { row } of stream.read(shard, 0, names)) {
          rows.push(row)
          if (rows.length >= places.length) break
        }
      }
      return rows
    },
  }
}

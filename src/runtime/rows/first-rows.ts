import { type Dataset, type Row, type RowStream, rowAt } from '../sources/dataset.js'

/** The first rows of a stream by number, in the order of its shards. */
export async function firstRows(stream: RowStream, count = Infinity): Promise<Dataset> {
  const places: (readonly [number, number])[] = []
  for await (const { shard, at } of inOrder(stream, count, [])) places.push([shard, at])
  return {
    length: places.length,
    fingerprint: stream.fingerprint,
    ...(stream.names && { names: stream.names }),
    row(index) {
      const place = places[index]
      if (!place) throw new RangeError(`no row ${index}`)
      return rowAt(stream, ...place)
    },
    async columns(names) {
      const rows: Row[] = []
      for await (const { row } of inOrder(stream, places.length, names)) rows.push(row)
      return rows
    },
  }
}

async function* inOrder(stream: RowStream, count: number, columns: readonly string[]) {
  let left = count
  for (let shard = 0; shard < stream.shards; shard++) {
    if (left <= 0) return
    for await (const { row, at } of stream.read(shard, 0, columns)) {
      yield { shard, at, row }
      if (--left <= 0) return
    }
  }
}

import { createHash } from 'node:crypto'
import type { Dataset } from '../sources/dataset.js'
import { columnsOf } from './columns.js'

/** The rows of several data sets, one after the other. */
export function joined(parts: readonly Dataset[]): Dataset {
  const starts: number[] = []
  let length = 0
  for (const part of parts) {
    starts.push(length)
    length += part.length
  }
  const place = (index: number): { readonly k: number; readonly row: number; readonly part: Dataset } => {
    const k = starts.findLastIndex((start) => start <= index)
    const part = parts[k]
    const row = index - (starts[k] ?? 0)
    if (!part || row >= part.length) throw new RangeError(`no row ${index}`)
    return { k, row, part }
  }
  return {
    length,
    fingerprint: createHash('sha256')
      .update(JSON.stringify(parts.map((part) => part.fingerprint)))
      .digest('hex'),
    async prepare(rows) {
      const places = rows.map(place)
      for (const [k, part] of parts.entries())
        await part.prepare?.(places.flatMap((p) => (p.k === k ? [p.row] : [])))
    },
    row(index) {
      const { part, row } = place(index)
      return part.row(row)
    },
    async columns(names) {
      return (await Promise.all(parts.map((part) => columnsOf(part, names)))).flat()
    },
  }
}

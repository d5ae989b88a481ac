import { fewRows } from '../../../diagnostics/catalogue/data.js'
import { dataLength } from '../../../sources/length.js'
import type { Rule } from './rule.js'

/** Warns of batches that are larger than their data. */
export const fewRowsAtATime: Rule = ({ pipeline, statics }, diagnostics) => {
  for (const { item, inherited } of new Set(pipeline.items.values())) {
    if (item.kind !== 'data' || inherited) continue
    const { spec, rows } = statics.dataOf(item)
    const length = dataLength(spec)
    if (rows !== undefined && length !== undefined && rows > length)
      diagnostics.add(fewRows(item.rows?.span ?? item.span, { data: spec.name, rows, length }))
  }
}

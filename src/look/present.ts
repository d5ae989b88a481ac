import type { Rows } from '../runtime/rows/rows.js'
import { EpochRows } from './epoch.js'
import type { Subject } from './subject.js'

/** Rows that are asked what they have. */
const asked = 32

/**
 * Of a declaration that is looked at as it is stored: without the columns that its source may have and no row does, such
 * as captions of archives that hold labels. What an archive lacks is no mistake before a field reads it.
 */
export async function withoutAbsent(subject: Subject, rows: Rows): Promise<Subject> {
  const { spec } = subject
  if (!subject.asStored) return subject
  const order = new EpochRows(rows, spec.name, 0, 0)
  const samples = await order.take(asked).finally(() => order.close())
  const isThere = (column: string): boolean =>
    samples.length === 0 ||
    samples.some(({ row }) => {
      const value = row[column]
      return !(typeof value === 'object' && 'kind' in value && value.kind === 'unreadable')
    })
  const kept = spec.fields.map(({ name }) => isThere(name))
  if (kept.every((there) => !there)) return subject
  const some = <T>(of: readonly T[]): readonly T[] => of.filter((_, k) => kept[k])
  return {
    ...subject,
    spec: {
      ...spec,
      fields: some(spec.fields),
      parts: spec.parts.map((part) => ({ ...part, values: some(part.values) })),
    },
    fields: subject.fields.filter(({ name }) => isThere(name)),
    columns: subject.columns.filter(isThere),
    texts: subject.texts.filter(isThere),
  }
}

import type { Sample } from '../runtime/order/order.js'
import { onColour } from '../runtime/pictures/composite.js'
import { decode } from '../runtime/pictures/decode.js'
import { type Pixels, isPicture } from '../runtime/pictures/picture.js'
import type { TensorValue } from '../runtime/sources/dataset.js'
import { SampleUnreadable } from '../runtime/sources/sample-unreadable.js'

/** A value of a row before transforms, pictures decoded. */
export type Stored = TensorValue | string | Pixels

/** Some columns of a row. Throws SampleUnreadable. */
export async function storedColumns(
  { row }: Sample,
  columns: readonly string[],
): Promise<ReadonlyMap<string, Stored>> {
  const found = new Map<string, Stored>()
  for (const column of columns) {
    const value = row[column]
    if (value === undefined) continue
    if (isPicture(value)) found.set(column, onColour(await decode(value)))
    else if (typeof value === 'object' && 'kind' in value)
      throw new SampleUnreadable(value.sample, value.reason)
    else found.set(column, value)
  }
  return found
}

export const isPixels = (value: Stored | undefined): value is Pixels =>
  typeof value === 'object' && 'kind' in value

/** What a row is called: the file or key of its first picture, what names it in its source, else its place. */
export function nameOf({ row, id }: Sample, columns: readonly string[]): string {
  for (const column of columns) {
    const value = row[column]
    if (value !== undefined && isPicture(value) && value.kind === 'encoded') return value.name
  }
  const named = [row['name'], row['key']].find((value) => typeof value === 'string')
  return typeof named === 'string' ? named : `row ${id}`
}

import { namesOfField } from '../runtime/field-names.js'
import type { OpenData } from '../runtime/fields.js'
import { attempt } from '../runtime/good-fields.js'
import type { Sample } from '../runtime/order/order.js'
import type { TensorValue } from '../runtime/sources/dataset.js'
import { SampleUnreadable } from '../runtime/sources/sample-unreadable.js'
import { EpochRows } from './epoch.js'
import { nameOf, storedColumns } from './stored.js'
import type { Subject } from './subject.js'
import { type SeenRow, Tally, type Tallied } from './tally.js'

export interface LookOptions {
  /** How many rows are looked at, at most. */
  readonly limit: number
  readonly seed: number
  readonly epoch: number
  /** How many pictures of samples are kept, at most. */
  readonly tiles: number
}

/** What was seen of the rows of a data declaration. */
export interface Look extends Tallied {
  /** How many rows were looked at. */
  readonly looked: number
  /** Those that cannot be read. */
  readonly bad: readonly { readonly sample: string; readonly reason: string }[]
  /** Of reading rows and making their fields; null where too few were made to say so. */
  readonly rowsPerSecond: number | null
}

/** Rows at a time: pictures may be large. */
const atATime = 16

/** Looks at the rows with which an epoch of training begins. */
export async function look(data: OpenData, subject: Subject, options: LookOptions): Promise<Look> {
  const { limit, seed, epoch } = options
  const fields = subject.spec.fields.map(({ name }) => name)
  const parts = new Map(
    data.rows.groups.flatMap((group) => group.parts.map(({ index, rows }) => [index, rows.names] as const)),
  )
  const tally = new Tally(
    subject,
    (field) => namesOfField(subject.spec, field, (k) => parts.get(k)),
    options.tiles,
  )
  const bad: SampleUnreadable[] = []
  const order = new EpochRows(data.rows, data.spec.name, seed, epoch)
  let [looked, timed, seconds] = [0, 0, 0]
  try {
    while (looked < limit) {
      const begun = performance.now()
      const taken = await order.take(Math.min(atATime, limit - looked))
      if (taken.length === 0) break
      const made = await Promise.all(taken.map((sample) => attempt(data, sample, fields, seed)))
      // The first rows also start threads, and fill the buffer of a stream.
      if (looked > 0) {
        timed += taken.length
        seconds += (performance.now() - begun) / 1000
      }
      looked += taken.length
      for (const row of await Promise.all(taken.map((sample, k) => seen(sample, made[k], subject)))) {
        if (row instanceof SampleUnreadable) bad.push(row)
        else tally.note(row)
      }
    }
  } finally {
    await order.close()
  }
  return {
    ...tally.result,
    looked,
    bad: bad.map(({ sample, reason }) => ({ sample, reason })),
    rowsPerSecond: timed > 0 ? timed / seconds : null,
  }
}

async function seen(
  sample: Sample,
  fields: readonly TensorValue[] | SampleUnreadable | undefined,
  { columns, texts }: Subject,
): Promise<SeenRow | SampleUnreadable> {
  if (fields instanceof SampleUnreadable) return fields
  try {
    const wanted = [...new Set([...columns, ...texts])]
    return {
      name: nameOf(sample, wanted),
      columns: await storedColumns(sample, wanted),
      fields: fields ?? [],
    }
  } catch (error) {
    if (error instanceof SampleUnreadable) return error
    throw error
  }
}

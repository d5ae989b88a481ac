import { noGoodSample } from '../diagnostics/catalogue/run-data.js'
import { UserError } from '../diagnostics/diagnostic.js'
import type { OpenData } from './fields.js'
import type { Sample } from './order/order.js'
import type { TensorValue } from './sources/dataset.js'
import { SampleUnreadable } from './sources/sample-unreadable.js'

export interface GoodFields {
  readonly values: readonly (readonly TensorValue[])[]
  /** The places of samples that cannot be read, at which another one stands. */
  readonly bad: ReadonlyMap<number, SampleUnreadable>
}

/**
 * The fields of a batch. In the place of a sample that cannot be read stands the next good one of the batch, around its
 * end; where none is good, the first good one of the data set: what a batch holds follows from its samples alone.
 */
export async function goodFields(
  data: OpenData,
  samples: readonly Sample[],
  seed: number,
  wanted: (at: number) => readonly string[],
): Promise<GoodFields> {
  const made = await Promise.all(samples.map((sample, at) => attempt(data, sample, wanted(at), seed)))
  const bad = new Map<number, SampleUnreadable>()
  made.forEach((values, at) => {
    if (values instanceof SampleUnreadable) bad.set(at, values)
  })
  if (bad.size === 0) return { values: made.filter(isMade), bad }
  const values = made.map(async (own, at) => {
    if (isMade(own)) return own
    for (let step = 1; step < samples.length; step++) {
      const other = (at + step) % samples.length
      const sample = samples[other]
      // What could be read a moment ago may be gone by now.
      const again = sample && !bad.has(other) ? await attempt(data, sample, wanted(at), seed) : undefined
      if (again && isMade(again)) return again
    }
    return firstGood(data, samples[at], wanted(at), seed, own)
  })
  return { values: await Promise.all(values), bad }
}

type Attempt = readonly TensorValue[] | SampleUnreadable
const isMade = (attempt: Attempt): attempt is readonly TensorValue[] => !(attempt instanceof SampleUnreadable)

/** The fields of a sample, or why they cannot be made. */
export async function attempt(
  data: OpenData,
  sample: Sample,
  names: readonly string[],
  seed: number,
): Promise<Attempt> {
  try {
    return await data.fields(sample, names, seed)
  } catch (error) {
    if (error instanceof SampleUnreadable) return error
    throw error
  }
}

async function firstGood(
  data: OpenData,
  of: Sample | undefined,
  names: readonly string[],
  seed: number,
  problem: SampleUnreadable,
): Promise<readonly TensorValue[]> {
  const all = await data.all()
  for (let index = 0; index < all.length; index++) {
    const [sample] = await all.samples([{ index, epoch: of?.epoch ?? 0 }])
    const made = sample && (await attempt(data, sample, names, seed))
    if (made && isMade(made)) return made
  }
  const { sample, reason } = problem
  throw new UserError(noGoodSample({ file: '', start: 0, end: 0 }, { data: data.spec.name, sample, reason }))
}

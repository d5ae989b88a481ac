import { mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { afterAll, describe, expect, test } from 'vitest'
import { svg } from '../../src/runtime/sources/emoji/icon-set.js'
import emojiArt from '../../src/runtime/sources/emoji-art.js'
import { DataMissing, type ColumnValue, type Dataset } from '../../src/runtime/sources/dataset.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** An empty project with the same packages: its cache starts empty. */
const fresh = mkdtempSync(join(tmpdir(), 'emoji-'))
symlinkSync(join(root, 'node_modules'), join(fresh, 'node_modules'))
afterAll(() => rmSync(fresh, { recursive: true }))

const int = (value: ColumnValue | undefined): number =>
  value instanceof BigInt64Array ? Number(value[0]) : Number.NaN
const floats = (value: ColumnValue | undefined): Float32Array =>
  value instanceof Float32Array ? value : new Float32Array()
const rows = async (data: Dataset) => {
  const all = Array.from({ length: data.length }, (_, i) => i)
  await data.prepare?.(all)
  return Promise.all(all.map(async (i) => data.row(i)))
}

describe('emoji_art', () => {
  test('has the concepts that all three styles draw, row by row the same in each style', async () => {
    const data = await emojiArt.open({ styles: ['noto', 'twemoji', 'fluent'] }, root)
    const all = await rows(data)
    const count = data.length / 3
    // Counted from the packages by code point: 1,594 common concepts without skin tones, 8 of them flags.
    expect(count).toBe(1586)
    for (let i = 0; i < count; i++) {
      const [a, b, c] = [all[i], all[i + count], all[i + 2 * count]]
      expect([b?.['name'], b?.['concept'], b?.['category']]).toEqual([
        a?.['name'],
        a?.['concept'],
        a?.['category'],
      ])
      expect([c?.['name'], c?.['concept'], c?.['category']]).toEqual([
        a?.['name'],
        a?.['concept'],
        a?.['category'],
      ])
    }
    expect(all.slice(0, count).map((row) => int(row['concept']))).toEqual(
      Array.from({ length: count }, (_, i) => i),
    )
    expect(new Set(all.map((row) => int(row['style'])))).toEqual(new Set([0, 1, 2]))
    expect(new Set(all.map((row) => int(row['category'])))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]))
  })

  test('leaves out what is excluded and numbers categories without holes', async () => {
    const faces = await emojiArt.open(
      {
        styles: ['noto'],
        exclude: [
          'Activities',
          'Animals & Nature',
          'Flags',
          'Food & Drink',
          'Objects',
          'People & Body',
          'Symbols',
          'Travel & Places',
        ],
      },
      root,
    )
    expect(faces.length).toBe(168)
    const drawn = await rows(faces)
    expect(drawn.every((row) => int(row['category']) === 0)).toBe(true)
    expect(drawn.map((row) => row['name'])).toContain('grinning face')
    const flags = await emojiArt.open({ styles: ['noto'], exclude: [] }, root)
    expect(flags.length).toBe(1594)
  })

  test('draws what it names: the pixels of single pictures drawn here by themselves', async () => {
    const data = await emojiArt.open({ styles: ['twemoji'] }, root)
    const row = (await rows(data)).find(({ name }) => name === 'grinning face')
    const set: unknown = JSON.parse(
      readFileSync(join(root, 'node_modules/@iconify-json/twemoji/icons.json'), 'utf8'),
    )
    const { icons } = set as { icons: Record<string, { body: string }> }
    const document = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36" width="64" height="64"><rect width="36" height="36" fill="#fff"/>${icons['grinning-face']?.body}</svg>`
    const pixels = await sharp(Buffer.from(document)).resize(32, 32).removeAlpha().raw().toBuffer()
    const image = floats(row?.['image'])
    expect(image).toHaveLength(3 * 32 * 32)
    for (let i = 0; i < 32 * 32; i++) {
      for (let c = 0; c < 3; c++) {
        // The white is laid under before or after reducing: a rounding apart.
        expect(Math.abs((image[c * 1024 + i] ?? 0) * 255 - (pixels[i * 3 + c] ?? 0))).toBeLessThanOrEqual(2)
      }
    }
    // A yellow face on white: the corner, and the cheek below the middle.
    expect([image[0], image[1024], image[2048]]).toEqual([1, 1, 1])
    const cheek = 20 * 32 + 3
    expect(image[cheek]).toBeGreaterThan(0.9)
    expect(image[2048 + cheek]).toBeLessThan(0.5)
  })

  test('all pictures of all styles have ink and differ from each other', async () => {
    const data = await emojiArt.open({ styles: ['noto', 'twemoji', 'fluent'] }, root)
    const seen = new Set<string>()
    for (const row of await rows(data)) {
      const image = floats(row['image'])
      expect(
        image.some((v) => v < 0.95),
        typeof row['name'] === 'string' ? row['name'] : '',
      ).toBe(true)
      expect(image.every((v) => v >= 0 && v <= 1)).toBe(true)
      seen.add(Buffer.from(image.buffer).toString('latin1'))
    }
    // Some fonts draw a few concepts alike (a person and a man); a shifted join would make far more or none.
    expect(seen.size).toBeGreaterThan(0.97 * data.length)
  })

  test('draws what is asked for, and keeps all of it for the next time', async () => {
    const settings = { styles: ['fluent'], size: 8 }
    const first = await emojiArt.open(settings, fresh)
    expect(() => first.row(17)).toThrow('not drawn')
    await first.prepare?.([17, 18])
    const some = [first.row(17), first.row(18)]
    const cached = () => readdirSync(join(fresh, '.cache', 'emoji-art')).filter((f) => f.endsWith('.bin'))
    expect(cached()).toEqual([])
    await rows(first)
    expect(cached()).toHaveLength(1)
    expect([first.row(17), first.row(18)]).toEqual(some)
    const second = await emojiArt.open(settings, fresh)
    expect(second.fingerprint).toBe(first.fingerprint)
    expect([second.row(17), second.row(18)]).toEqual(some)
    const other = await emojiArt.open({ styles: ['fluent'], size: 9 }, fresh)
    expect(other.fingerprint).not.toBe(first.fingerprint)
  })

  test('names the npm package that is missing', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'empty-'))
    const opening = emojiArt.open({}, empty)
    await expect(opening).rejects.toBeInstanceOf(DataMissing)
    await expect(opening).rejects.toMatchObject({
      message: expect.stringContaining('@iconify-json/noto'),
      help: expect.stringContaining('npm install'),
    })
    rmSync(empty, { recursive: true })
  })
})

describe('svg', () => {
  const icons = {
    width: 16,
    height: 16,
    icons: { left: { body: '<path/>' }, wide: { body: '<g/>', width: 20 } },
    aliases: { right: { parent: 'left', hFlip: true } },
  }

  test('takes the size of the set or of the icon, and mirrors aliases', async () => {
    expect(svg(icons, 'left', 32)).toContain('viewBox="0 0 16 16"')
    expect(svg(icons, 'wide', 32)).toContain('viewBox="0 0 20 16"')
    expect(svg(icons, 'none', 32)).toBeUndefined()
    const half = { ...icons, icons: { left: { body: '<rect width="8" height="16" fill="#000"/>' } } }
    const pixel = async (name: string): Promise<number | undefined> =>
      (
        await sharp(Buffer.from(svg(half, name, 16) ?? ''))
          .flatten({ background: '#fff' })
          .raw()
          .toBuffer()
      )[0]
    expect(await pixel('left')).toBe(0)
    expect(await pixel('right')).toBe(255)
  })
})

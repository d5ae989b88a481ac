import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import sharp from 'sharp'
import { readFileSync, symlinkSync } from 'node:fs'
import { resolve } from 'node:path'
import { data } from '../../src/cli/data.js'
import { balanceOf } from '../../src/look/balance.js'
import { borderOf, countBorders } from '../../src/look/borders.js'
import { duplicatesOf, hashOf } from '../../src/look/duplicates.js'
import { EpochRows } from '../../src/look/epoch.js'
import { gridOf, placeTiles } from '../../src/look/grid.js'
import { halfBlocks } from '../../src/look/half-blocks.js'
import { spreadOf } from '../../src/look/spread.js'
import { sizedTo, tileOf } from '../../src/look/tile.js'
import { type Pixels, blank } from '../../src/runtime/pictures/picture.js'
import { Batches } from '../../src/runtime/order/batches.js'
import { onePart } from '../../src/runtime/rows/rows.js'
import type { Dataset, RowStream } from '../../src/runtime/sources/dataset.js'
import { Project, png } from './project.js'

/* Aim: `dcrc data` tells of files that the test made what is in them, counted by hand. */

const filled = (width: number, height: number, colour: readonly number[]): Pixels => {
  const picture = blank(width, height)
  for (let i = 0; i < picture.data.length; i++) picture.data[i] = colour[i % 3] ?? 0
  return picture
}

describe('statistics', () => {
  test('classes of which there is no row count too; values without names are those that occur', () => {
    expect(balanceOf([2, 0, 2], ['cat', 'dog', 'fox']).map((c) => [c.name, c.count])).toEqual([
      ['cat', 1],
      ['dog', 0],
      ['fox', 2],
    ])
    expect(balanceOf([7, -1, 7])).toEqual([
      { value: -1, name: null, count: 1 },
      { value: 7, name: null, count: 2 },
    ])
  })

  test('rows are equal by all they hold, and pictures by their sizes too', () => {
    const [wide, high] = [filled(2, 1, [1, 2, 3]), filled(1, 2, [1, 2, 3])]
    expect(hashOf([wide])).not.toBe(hashOf([high]))
    expect(hashOf(['ab', 'c'])).not.toBe(hashOf(['a', 'bc']))
    const rows = [wide, high, filled(2, 1, [1, 2, 3])].map((p, k) => ({ name: `${k}`, hash: hashOf([p]) }))
    expect(duplicatesOf(rows)).toEqual([['0', '2']])
  })

  test('borders are lines of one colour, white or another; a picture of one colour has none', () => {
    const framed = gridOf([filled(3, 3, [10, 200, 10])], 1, 1)
    const white = filled(4, 4, [255, 255, 255])
    white.data.fill(0, 12, 36)
    const whole = filled(4, 4, [9, 9, 9])
    const borders = [framed, white, whole].map(borderOf)
    expect(borders).toEqual([[112, 112, 112], [255, 255, 255], undefined])
    expect(countBorders(borders)).toEqual({ pictures: 3, bordered: 2, white: 1 })
  })

  test('the middle of an even number is the lower one', () => {
    expect(spreadOf([4, 10, 2, 30])).toEqual({ min: 2, median: 4, max: 30 })
    expect(spreadOf([])).toBeUndefined()
  })

  test('tiles lie in the middle of cells of the largest, line by line', () => {
    const tiles = [filled(4, 2, [1, 1, 1]), filled(2, 4, [2, 2, 2]), filled(4, 4, [3, 3, 3])]
    expect(placeTiles(tiles, 2, 1)).toEqual({
      width: 11,
      height: 11,
      places: [
        { left: 1, top: 2 },
        { left: 7, top: 1 },
        { left: 1, top: 6 },
      ],
    })
    const grid = gridOf(tiles, 2, 1)
    const at = (x: number, y: number) => grid.data[(y * grid.width + x) * 3]
    expect([at(0, 0), at(1, 2), at(1, 1), at(7, 1), at(4, 9)]).toEqual([112, 1, 112, 2, 3])
  })

  test('a field becomes a picture, floats clamped, small ones enlarged without blurring', () => {
    const planes = Float32Array.of(0, 1, 0.5, 2, -1, 0.25)
    const tile = tileOf(planes, { dtype: 'f32', shape: [3, 1, 2] })
    expect([...tile.data]).toEqual([0, 128, 0, 255, 255, 64])
    expect([...sizedTo(tile, 4, 9).data.subarray(0, 12)]).toEqual([
      0, 128, 0, 0, 128, 0, 255, 255, 64, 255, 255, 64,
    ])
    expect(sizedTo(filled(40, 20, [1, 1, 1]), 4, 10)).toMatchObject({ width: 10, height: 5 })
  })

  test('two pixels are one character', () => {
    const picture = { ...blank(1, 3), data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9) }
    expect(halfBlocks(picture)).toBe(
      '\u001b[38;2;1;2;3;48;2;4;5;6m▀\u001b[0m\n\u001b[38;2;7;8;9;49m▀\u001b[0m',
    )
  })
})

describe('an epoch', () => {
  const dataset: Dataset = { length: 5, fingerprint: 'five', row: (i) => ({ n: Uint8Array.of(i) }) }
  const stream: RowStream = {
    fingerprint: 'stream',
    shards: 2,
    shuffle: 2,
    async *read(shard, from) {
      for (let at = from; at < 3; at++) yield { row: { n: Uint8Array.of(10 * shard + at) }, at, next: at + 1 }
    },
  }
  test.each([
    ['a data set', dataset, 5],
    ['a stream', stream, 6],
  ])('of %s is that of training, row by row, and ends', async (_, rows, length) => {
    const training = new Batches(onePart(rows), { rank: 0, world: 1, seed: 3, data: 'd' })
    const wanted = (await training.behind(0, 3 * length)).slice(length, 2 * length)
    const epoch = new EpochRows(onePart(rows), 'd', 3, 1)
    const taken = [await epoch.take(4), await epoch.take(4), await epoch.take(4)].flat()
    expect(taken).toEqual(wanted)
    expect(taken).toHaveLength(length)
  })
})

describe('dcrc data', () => {
  let project: Project
  let before: string
  let printed: string
  const write = process.stdout.write.bind(process.stdout)
  beforeEach(async () => {
    project = new Project()
    before = process.cwd()
    // The threads find what runs them from the folder that they are started in.
    symlinkSync(resolve('node_modules'), project.path('node_modules'))
    process.chdir(project.root)
    printed = ''
    process.stdout.write = (text: string | Uint8Array) => ((printed += String(text)), true)
    const { red, blue } = { red: { r: 220, g: 40, b: 40 }, blue: { r: 40, g: 60, b: 210 } }
    for (let i = 0; i < 4; i++) project.write(`pets/cat/${i}.png`, await png(red, 20, 16, 2 + i))
    for (let i = 0; i < 3; i++) project.write(`pets/dog/${i}.png`, await png(blue, 30, 16, 2 + i))
    project.write('pets/dog/again.png', await png(blue, 30, 16, 3))
    const bars = { top: 5, bottom: 5, background: '#ffffff' }
    project.write(
      'pets/cat/bars.png',
      await sharp(await png(red))
        .extend(bars)
        .png()
        .toBuffer(),
    )
    project.write('pets/dog/broken.png', 'no picture')
    project.write(
      'main.dcr',
      `pipeline pets {
  data all = image_folder("pets") {
    image: f32[3, 8, 8] = centre_crop(resize(image, 8), 8)
    label: i64[] = label
  }
  data half = part(all, 0%..50%)
  data bare = image_folder("pets")
  data gone = image_folder("nowhere") { label: i64[] = label }
}
`,
    )
  })
  afterEach(() => {
    process.stdout.write = write
    process.chdir(before)
    project.remove()
  })
  const options = {
    limit: 1000,
    seed: 0,
    epoch: 0,
    pictures: true,
    json: true,
    set: new Map<string, string>(),
  }
  const look = async (name?: string, extra = {}) => {
    printed = ''
    const code = await data('main.dcr', name, { ...options, ...extra })
    return { code, seen: JSON.parse(printed) as Record<string, unknown> }
  }

  test('a folder with a duplicate, a border and a broken file', { timeout: 60_000 }, async () => {
    const { code, seen } = await look('all')
    expect(code).toBe(0)
    expect(seen).toMatchObject({
      rows: 10,
      looked: 10,
      // as it is declared, though it crosses to the graph as bytes
      fields: [
        { name: 'image', type: 'f32[3, 8, 8]' },
        { name: 'label', type: 'i64[]' },
      ],
      classes: [
        {
          field: 'label',
          counts: [
            { value: 0, name: 'cat', count: 5 },
            { value: 1, name: 'dog', count: 4 },
          ],
        },
      ],
      pictures: [{ width: { min: 20, median: 20, max: 30 }, height: { min: 16, median: 16, max: 26 } }],
      bad: [{ sample: 'dog/broken.png' }],
      grid: 'data-all.png',
    })
    const [duplicates = []] = seen['duplicates'] as string[][]
    expect(duplicates.toSorted()).toEqual(['dog/1.png', 'dog/again.png'])
    expect((seen['pictures'] as { borders: { white: number } }[])[0]?.borders.white).toBe(1)
    // 9 tiles of 8 pixels, enlarged twelvefold, in two lines of 8
    expect(await sharp(readFileSync('data-all.png')).metadata()).toMatchObject({ width: 804, height: 204 })
  })

  test('a part has its rows and the names of its classes; a limit ends it', { timeout: 60_000 }, async () => {
    const { seen } = await look('half', { limit: 3, out: 'grid.png' })
    expect(seen).toMatchObject({ rows: 5, looked: 3, grid: 'grid.png' })
    expect(JSON.stringify(seen['classes'])).toContain('"cat"')
  })

  test('a declaration without fields is shown by its columns', { timeout: 60_000 }, async () => {
    const { seen } = await look('bare')
    expect(seen['fields']).toContainEqual({ name: 'image', type: 'picture' })
    expect(seen).toMatchObject({ looked: 10, bad: [{ sample: 'dog/broken.png' }] })
  })

  test('the digits of MNIST are as often as is published', { timeout: 60_000 }, async () => {
    project.write(
      'main.dcr',
      'pipeline p { data t = mnist(split = "test", size = 8) { image: f32[3, 8, 8] = image\n digit: i64[] = digit } }\n',
    )
    const { seen } = await look('t', { limit: 20_000 })
    expect(seen).toMatchObject({ rows: 10_000, looked: 10_000, bad: [] })
    const [digit] = seen['classes'] as { counts: { count: number }[] }[]
    expect(digit?.counts.map(({ count }) => count)).toEqual([
      980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ])
  })

  test('files that are missing are told, and the other declarations listed', async () => {
    expect((await look()).code).toBe(1)
    expect(JSON.parse(printed)).toMatchObject([{ rows: 10 }, { rows: 5 }, { rows: 10 }, { rows: null }])
    expect(await data('main.dcr', 'gone', options)).toBe(1)
    await expect(data('main.dcr', 'al', options)).rejects.toThrow('there is no data `al`')
  })
})

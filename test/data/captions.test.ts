import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { decode } from '../../src/runtime/pictures/decode.js'
import { isPicture } from '../../src/runtime/pictures/picture.js'
import cocoCaptions from '../../src/runtime/sources/coco-captions.js'
import { DataInvalid, DataMissing, type Row } from '../../src/runtime/sources/dataset.js'
import { readJsonLists } from '../../src/runtime/sources/files/json-lists.js'
import flickr30k from '../../src/runtime/sources/flickr30k.js'
import { Project, png } from './project.js'

/*
 * Aim: COCO's captions and Flickr30k are read from the files that their authors publish, here made up in small by the
 * description of their formats.
 */
let project: Project
beforeEach(() => (project = new Project()))
afterEach(() => project.remove())

const red = { r: 200, g: 10, b: 20 }
const blue = { r: 0, g: 0, b: 250 }

/** What a row says, and the first pixel of its picture. */
async function seen(row: Row | Promise<Row>): Promise<readonly unknown[]> {
  const { image, caption, image_id: id, name } = await row
  if (typeof image !== 'object' || !isPicture(image)) throw new Error('no picture')
  const pixels = await decode(image)
  return [name, caption, (id as BigInt64Array)[0], [...pixels.data.subarray(0, 3)]]
}

describe('coco_captions', () => {
  const settings = { annotations: 'coco/annotations/captions_val2017.json', images: 'coco/val2017' }
  const image = (id: number) => ({
    license: 4,
    file_name: `${String(id).padStart(12, '0')}.png`,
    coco_url: 'http://images.cocodataset.org/val2017/x.jpg',
    height: 16,
    width: 20,
    id,
  })
  const official = {
    info: { description: 'COCO 2017 Dataset', year: 2017 },
    licenses: [{ id: 4, name: 'Attribution License' }],
    images: [image(397133), image(37777)],
    annotations: [
      { image_id: 37777, id: 38, caption: 'A dining table, with fruit. ' },
      { image_id: 397133, id: 48, caption: 'A man is in a kitchen making pizzas.' },
      { image_id: 37777, id: 182, caption: '"Oranges"\n' },
    ],
  }
  const write = (value: unknown): void => project.write(settings.annotations, JSON.stringify(value))

  test('a row is a caption with its picture, in the order of the file', async () => {
    write(official)
    project.write('coco/val2017/000000397133.png', await png(red))
    project.write('coco/val2017/000000037777.png', await png(blue))
    const data = await cocoCaptions.open(settings, project.root)
    expect(data.length).toBe(3)
    expect(await Promise.all([0, 1, 2].map((k) => seen(data.row(k))))).toEqual([
      ['000000037777.png', 'A dining table, with fruit.', 37777n, [0, 0, 250]],
      ['000000397133.png', 'A man is in a kitchen making pizzas.', 397133n, [200, 10, 20]],
      ['000000037777.png', '"Oranges"', 37777n, [0, 0, 250]],
    ])
    expect(() => data.row(3)).toThrow(RangeError)
    expect((await data.columns?.(['caption']))?.map(({ caption }) => caption)).toEqual([
      'A dining table, with fruit.',
      'A man is in a kitchen making pizzas.',
      '"Oranges"',
    ])
  })

  test('what is missing or wrong is told, and no path leads out of the folder', async () => {
    const open = () => cocoCaptions.open(settings, project.root)
    await expect(open()).rejects.toThrow(DataMissing)
    write(official)
    await expect(open()).rejects.toThrow('val2017 is missing')
    project.write('coco/val2017/000000037777.png', await png(blue))
    write({ ...official, images: [image(397133)] })
    await expect(open()).rejects.toThrow('a caption is of image 37777, which is not among its images')
    write({ ...official, annotations: [{ image_id: '37777', caption: 'x' }] })
    await expect(open()).rejects.toThrow('annotations.0.image_id')
    for (const file_name of ['../secret.jpg', '/etc/passwd', 'a/../../b.jpg']) {
      write({ ...official, images: [{ ...image(37777), file_name }, image(397133)] })
      await expect(open()).rejects.toThrow('leads out of the folder')
    }
    write({ images: [] })
    await expect(open()).rejects.toThrow('annotations is no array')
    for (const text of [
      '{"images": [',
      '[]',
      '"images"',
      '',
      '{"images": [1 2]}',
      '{}}',
      '{"images": ["a]}',
    ]) {
      project.write(settings.annotations, text)
      await expect(open()).rejects.toThrow(DataInvalid)
    }
  })

  test('an entry at a time is what JSON.parse makes of the whole, across pieces of the file', () => {
    const odd = ['a "quoted\\" ]}', '{[,', 'é€😀', '\\', '']
    const entries = Array.from({ length: 9000 }, (_, k) => ({
      [odd[k % 5] ?? '']: [k, [odd[(k + 1) % 5], { deep: [[]] }], null, -1.5e3],
      text: `${'x'.repeat(k % 97)}${odd[k % 4]}`,
    }))
    const whole = {
      info: { images: [[1], 2], 'a"': ['b'] },
      images: entries,
      empty: [],
      'annotations ': [3],
      annotations: ['a,b', 7, [], {}, [[1]]],
      licenses: [{ images: [5] }],
    }
    for (const space of [0, 1]) {
      project.write('lists.json', JSON.stringify(whole, null, space))
      const found = { images: [] as unknown[], annotations: [] as unknown[], empty: [] as unknown[] }
      const lists = Object.entries(found).map(
        ([name, into]) =>
          [
            name,
            (value: unknown, index: number) => {
              expect(index).toBe(into.length)
              into.push(value)
            },
          ] as const,
      )
      const there = readJsonLists(join(project.root, 'lists.json'), new Map(lists), '')
      expect([...there].sort()).toEqual(['annotations', 'empty', 'images'])
      expect(found).toEqual({ images: whole.images, annotations: whole.annotations, empty: [] })
    }
  })
})

describe('flickr30k', () => {
  const settings = { captions: 'flickr30k_test_karpathy.txt', images: 'flickr30k_images' }

  test('captions keep their commas and quotes, in both forms of the file', async () => {
    project.write('flickr30k_images/1007129816.jpg', await png(red))
    project.write('flickr30k_images/36979.jpg', await png(blue))
    const expected = [
      [
        '1007129816.jpg',
        'The man with pierced ears is wearing glasses, and an "orange" hat .',
        0n,
        [200, 10, 20],
      ],
      ['36979.jpg', 'A group, of two .', 1n, [0, 0, 250]],
      ['1007129816.jpg', 'A man in x.jpg, with a hat', 0n, [200, 10, 20]],
    ] as const
    const of = async (text: string) => {
      project.write(settings.captions, text)
      const data = await flickr30k.open(settings, project.root)
      return Promise.all(Array.from({ length: data.length }, (_, k) => seen(data.row(k))))
    }
    const karpathy = expected.map(([name, caption]) => `${name},${caption}`)
    expect(await of(['image,caption', ...karpathy, ''].join('\n'))).toEqual(expected)
    const token = expected.map(([name, caption], k) => `${name}#${k}\t${caption}`)
    expect(await of(token.join('\r\n'))).toEqual(expected)
  })

  test('what is missing or wrong is told with its line', async () => {
    const open = () => flickr30k.open(settings, project.root)
    await expect(open()).rejects.toThrow(DataMissing)
    project.write(settings.captions, 'image,caption\n1.jpg,One\n2.png,Two\n')
    await expect(open()).rejects.toThrow(/line 3: no name of a picture/)
    project.write(settings.captions, '../1.jpg,One\n')
    await expect(open()).rejects.toThrow(/line 1: \.\.\/1\.jpg leads out/)
    project.write(settings.captions, '1.jpg,One\n')
    await expect(open()).rejects.toThrow('flickr30k_images is missing')
  })
})

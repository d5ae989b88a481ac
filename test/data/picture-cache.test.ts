import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { pictureCache } from '../../src/cache.js'
import { prepareFields } from '../../src/runtime/fields.js'
import { openSource } from '../../src/runtime/open-data.js'
import { isStream } from '../../src/runtime/sources/dataset.js'
import { Project, png } from './project.js'

/*
 * Aim: a kept picture is the one that would be made: with the cache and without it fields have the same bits, a change of
 * the picture or of what is done to it makes another entry, and a damaged entry is made anew.
 */
let project: Project
beforeEach(async () => {
  project = new Project()
  for (let k = 0; k < 3; k++)
    project.write(`pets/${k}.png`, await png({ r: 60 * k, g: 90, b: 200 - 50 * k }, 20, 16, 2 + k))
  for (let k = 0; k < 3; k++) project.write(`pets/${k}.txt`, `pet ${k}`)
})
afterEach(() => project.remove())

const pipeline = (image: string, lets = '', name = 'p'): string => `pipeline ${name} {
  data all = image_folder("pets", captions = true) rows 3 {
    ${lets}
    image: u8[3, 8, 8] = ${image}
  }
  evaluate e = average(value = mean(cast(all.image, f32)))
}`

/** The fields of all rows, in two epochs. */
async function fieldsOf(text: string): Promise<readonly string[]> {
  const { artefact, diagnostics } = project.compile(text)
  const [spec] = artefact?.manifest.data ?? []
  if (!spec) throw new Error(diagnostics.map(({ message }) => message).join('\n'))
  const rows = await openSource(
    { kind: 'source', source: 'image_folder', arguments: { folder: 'pets', captions: true } },
    project.root,
  )
  if (isStream(rows)) throw new Error('a stream')
  const fields = await prepareFields(spec, project.root)
  const made: string[] = []
  for (const epoch of [0, 1])
    for (let k = 0; k < rows.length; k++) {
      const sample = { part: 0, row: await rows.row(k), epoch, id: `${k}` }
      const [value] = await fields(sample, ['image'], 5)
      made.push(Buffer.from(value as Uint8Array).toString('hex'))
    }
  return made
}

const entries = (): readonly string[] => {
  const folder = pictureCache(project.root)
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile() && !file.endsWith('.gitignore'))
    .toSorted()
}

const drawn = (inner: string): string => `random_horizontal_flip(random_resized_crop(${inner}, 8))`

describe('kept pictures', () => {
  test('give the bits of those that are made anew, in every epoch', async () => {
    const without = await fieldsOf(pipeline(drawn('resize(image, 12)')))
    expect(await fieldsOf(pipeline(drawn('cached(resize(image, 12))')))).toEqual(without)
    expect(entries()).toHaveLength(3)
    expect(await fieldsOf(pipeline(drawn('cached(resize(image, 12))')))).toEqual(without)
    expect(new Set(without).size).toBe(6)
  })

  test('are shared by pipelines and by what is written with a `let`', async () => {
    await fieldsOf(pipeline(drawn('cached(resize(image, 12))')))
    await fieldsOf(pipeline('centre_crop(cached(resize(image, 12)), 8)', '', 'other'))
    await fieldsOf(pipeline('centre_crop(cached(small), 8)', 'let small = resize(image, 12)'))
    expect(entries()).toHaveLength(3)
  })

  test('are read: another picture in the place of an entry is what comes', async () => {
    const text = pipeline('cached(resize(image, [8, 8]))')
    const [first, second] = await fieldsOf(text)
    expect(first).not.toBe(second)
    const [a, ...others] = entries()
    for (const other of others) writeFileSync(other, readFileSync(a ?? ''))
    expect(new Set(await fieldsOf(text)).size).toBe(1)
  })

  test('are others for a picture of which one byte has changed, and for another expression', async () => {
    const text = pipeline('cached(resize(image, [8, 8]))')
    const before = await fieldsOf(text)
    // the first pixel of a stored picture, by an uncompressed form of it
    project.write('pets/1.png', await png({ r: 61, g: 90, b: 150 }, 20, 16, 3))
    const after = await fieldsOf(text)
    expect(after[0]).toBe(before[0])
    expect(after[1]).not.toBe(before[1])
    expect(after).toEqual(await fieldsOf(pipeline('resize(image, [8, 8])')))
    expect(entries()).toHaveLength(4)
    const sharper = 'resize(image, [8, 8], interpolation = "bicubic")'
    expect(await fieldsOf(pipeline(`cached(${sharper})`))).toEqual(await fieldsOf(pipeline(sharper)))
    expect(entries()).toHaveLength(7)
  })

  test('are made anew where an entry is damaged or cut off', async () => {
    const text = pipeline('cached(resize(image, [8, 8]))')
    const before = await fieldsOf(text)
    const [a = '', b = '', c = ''] = entries()
    const bytes = readFileSync(a)
    bytes[40] = (bytes[40] ?? 0) ^ 1
    writeFileSync(a, bytes)
    writeFileSync(b, readFileSync(b).subarray(0, 50))
    writeFileSync(c, '')
    expect(await fieldsOf(text)).toEqual(before)
  })

  test('may not draw', () => {
    const refused = (text: string): readonly string[] => project.compile(text).diagnostics.map((d) => d.code)
    expect(refused(pipeline(`cached(${drawn('image')})`))).toEqual(['data/kept-draws'])
    expect(refused(pipeline('cached(cut)', 'let cut = random_resized_crop(image, 8)'))).toEqual([
      'data/kept-draws',
    ])
  })
})

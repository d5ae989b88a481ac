import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Row } from '../../src/runtime/sources/dataset.js'
import { DataInvalid } from '../../src/runtime/sources/dataset.js'
import { braces, filesOf } from '../../src/runtime/sources/files/braces.js'
import { byName } from '../../src/runtime/sources/files/by-name.js'
import imageFolder from '../../src/runtime/sources/image-folder.js'
import parquet from '../../src/runtime/sources/parquet.js'
import table from '../../src/runtime/sources/table.js'
import webdataset from '../../src/runtime/sources/webdataset.js'
import { Project } from './project.js'

let project: Project
beforeEach(() => (project = new Project()))
afterEach(() => project.remove())

describe('a folder of pictures', () => {
  const open = (folder = 'pets') => imageFolder.open({ folder }, project.root)
  const names = async (folder?: string): Promise<unknown> => {
    const rows = await open(folder)
    return Array.from({ length: rows.length }, (_, k) => rows.row(k)['name'])
  }

  test('holds what links lead to, and is not gone through twice where one leads back', async () => {
    project.write('elsewhere/1.JPEG', 'x')
    project.write('pets/dog/2.PnG', 'x')
    project.write('pets/dog/deep/3.webp', 'x')
    project.write('pets/.hidden/4.png', 'x')
    symlinkSync(project.path('elsewhere'), project.path('pets/bird'))
    symlinkSync(project.path('elsewhere/1.JPEG'), project.path('pets/dog/link.jpg'))
    symlinkSync('nowhere.png', project.path('pets/dog/lost.png'))
    symlinkSync(project.path('pets/dog'), join(project.path('pets/dog/deep'), 'back'))
    expect(await names()).toEqual([
      'bird/1.JPEG',
      'dog/2.PnG',
      'dog/deep/3.webp',
      'dog/link.jpg',
      'dog/lost.png',
    ])
    expect((await open()).names.get('label')).toEqual(['bird', 'dog'])
  })

  test('counts pictures of other kinds too, so that none is left out in silence', async () => {
    project.write('pets/cat/1.bmp', 'x')
    project.write('pets/cat/2.png', 'x')
    project.write('pets/cat/notes.txt', 'x')
    expect(await names()).toEqual(['cat/1.bmp', 'cat/2.png'])
  })

  test('has no empty class, since the numbers of those behind it would not be what they seem', async () => {
    for (const name of ['a/1.png', 'b/notes.txt', 'c/1.png']) project.write(`pets/${name}`, 'x')
    await expect(open()).rejects.toThrow(/no pictures in .*b$/)
  })

  test('has no two classes that read the same', async () => {
    for (const form of ['NFC', 'NFD']) project.write(`pets/${'Öl'.normalize(form)}/1.png`, 'x')
    await expect(open()).rejects.toThrow('in composed and one in decomposed letters')
  })

  test('names are in the order of code points, as Python sorts them', () => {
    const inPython = ['', 'Z', 'a', 'a b', 'ab', 'é', '日本', '\uff21', '😀', '😀 a', '😁']
    expect(inPython.toReversed().toSorted(byName)).toEqual(inPython)
    for (const name of ['😀', '\uff21']) project.write(`pets/${name}/1.png`, 'x')
    return expect(names()).resolves.toEqual(['\uff21/1.png', '😀/1.png'])
  })
})

describe('a table', () => {
  const open = (file: string, columns: object, settings = {}) =>
    table.open({ file, columns: { ...columns }, ...settings }, project.root)
  const whys = (row: Row): readonly unknown[] =>
    Object.values(row).map((v) => (v as { reason?: string }).reason ?? v)

  test('of any size is read in place: cells with line ends across the pieces it is read in', async () => {
    let seed = 1
    const random = (n: number): number => (seed = (seed * 48271) % 2147483647) % n
    const kinds = ['plain', '"a, b"', '"two\nlines\r\nthree"', '"say ""so"""', '5" pipe', '']
    const lines = Array.from({ length: 240_000 }, (_, k) => {
      const cells = [`${k}`, kinds[random(6)] ?? '', kinds[random(6)] ?? '']
      return `${cells.join(',')}${random(2) === 0 ? '\r\n' : '\n'}${random(20) === 0 ? '\n' : ''}`
    })
    const text = `\ufeffn,a,b\n${lines.join('')}`
    project.write('a.csv', text)
    expect(text.length).toBeGreaterThan(5e6)
    const [, ...rows] = parse(text, {
      bom: true,
      relax_quotes: true,
      skip_empty_lines: true,
      record_delimiter: ['\r\n', '\n'],
    })
    const read = await open('a.csv', { n: 'i64[]', a: 'text', b: 'text' })
    expect(read.length).toBe(rows.length)
    const wanted = (k: number): unknown => {
      const [n, a, b] = rows[k] ?? []
      return [BigInt64Array.of(BigInt(n ?? 0)), a === '' ? 'it is empty' : a, b === '' ? 'it is empty' : b]
    }
    for (let k = 0; k < rows.length; k += 997) expect(whys(read.row(k))).toEqual(wanted(k))
    const all = await read.columns(['n'])
    expect(all.map(({ n }) => Number((n as BigInt64Array)[0]))).toEqual(rows.map((_, k) => k))
  })

  test('may have another separator, which is guessed at where a column is missing', async () => {
    project.write('a.csv', 'path;n\n"x;y";1\n')
    await expect(open('a.csv', { n: 'i64[]' })).rejects.toMatchObject({
      help: 'its cells seem to be parted by ";": write `separator = ";"`',
    })
    const rows = await open('a.csv', { path: 'text', n: 'i64[]' }, { separator: ';' })
    expect(rows.row(0)).toEqual({ path: 'x;y', n: BigInt64Array.of(1n) })
    project.write('b.csv', 'path, n\nx,1\n')
    await expect(open('b.csv', { n: 'i64[]' })).rejects.toMatchObject({ help: 'it has path, " n"' })
  })

  test('a line that is wrong is one sample that cannot be read', async () => {
    project.write(
      'a.csv',
      Buffer.concat([Buffer.from('a,b\n1,2\n3\n4,5,6\n'), Buffer.from([0xfc, 44, 55, 10])]),
    )
    const rows = await open('a.csv', { a: 'text' })
    const reasons = [
      '1',
      'it has 1 cells for 2 columns',
      'it has 3 cells for 2 columns',
      'its text is no UTF-8',
    ]
    expect([0, 1, 2, 3].map((k) => whys(rows.row(k)))).toEqual(reasons.map((reason) => [reason]))
    expect((await rows.columns(['a'])).map(whys)).toEqual(reasons.map((reason) => [reason]))
    project.write('b.jsonl', '\ufeff{"a": "1"}\n[]\n{"b": 1}\n{"a": \n')
    const objects = await open('b.jsonl', { a: 'text' })
    const wrong = ['1', 'it is no object', 'it is empty', 'it is no JSON']
    expect([0, 1, 2, 3].map((k) => whys(objects.row(k)))).toEqual(wrong.map((reason) => [reason]))
    expect((await objects.columns(['a'])).map(whys)).toEqual(wrong.map((reason) => [reason]))
  })

  test('what is no table is told', async () => {
    const refused = (name: string, content: string | Uint8Array, why: string) => {
      project.write(name, content)
      return expect(open(name, { a: 'text' })).rejects.toThrow(why)
    }
    await refused('a.csv', Buffer.from('\ufeffa,b\n', 'utf16le'), 'UTF-16')
    await refused('packed.csv', gzipSync('a,b\n1,2\n'), 'is packed, no text')
    await refused('a.xlsx.csv', Buffer.from('PK\u0003\u0004...'), 'is packed, no text')
    await refused('a.json', '[{"a": 1}]', 'one JSON text')
    await refused('b.csv', '', 'is empty')
    await refused('c.csv', 'a,b,a\n1,2,3\n', 'two columns `a`')
    await refused('d.csv', `a\n"${'x'.repeat(2 ** 21)}`, 'a line of more than')
    await refused('e.jsonl', 'a\n', 'line 1: it is no JSON')
    await expect(open('.', { a: 'text' })).rejects.toThrow('is a folder')
  })

  test('labels are numbers of names, those that occur or those that are given', async () => {
    project.write('a.csv', 'path,kind,size\n/x/1.png,dog,10\n2.png,cat,9\n3.png,,10\n')
    const columns = { path: 'picture', kind: 'label', size: 'label' }
    const rows = await open('a.csv', columns)
    expect([...rows.names]).toEqual([
      ['kind', ['cat', 'dog']],
      ['size', ['9', '10']],
    ])
    expect([0, 1, 2].map((k) => whys(rows.row(k))[1])).toEqual([
      BigInt64Array.of(1n),
      BigInt64Array.of(0n),
      'it is empty',
    ])
    // A path from the root is one.
    expect([0, 1].map((k) => (rows.row(k)['path'] as { bytes: string }).bytes)).toEqual([
      '/x/1.png',
      project.path('2.png'),
    ])
    const named = await open('a.csv', { kind: 'label' }, { names: ['bird', 'dog'] })
    expect(whys(named.row(0))).toEqual([BigInt64Array.of(1n)])
    expect(whys(named.row(1))).toEqual(['"cat" is none of the names bird, dog'])
    await expect(open('a.csv', { kind: 'label' }, { classes: 3 })).rejects.toThrow('has 2 classes, not 3')
  })

  test('a column has the name that the pipeline gives it', async () => {
    project.write('a.csv', 'Picture Path,kind of thing,Age (y)\n1.png,dog,3\n2.png,cat,4\n')
    const columns = {
      path: 'picture of Picture Path',
      kind: 'label of kind of thing',
      age: 'i64[] of Age (y)',
    }
    const rows = await open('a.csv', columns)
    expect([...rows.names]).toEqual([['kind', ['cat', 'dog']]])
    expect(Object.keys(rows.row(0))).toEqual(['path', 'kind', 'age'])
    expect(whys(rows.row(1)).slice(1)).toEqual([BigInt64Array.of(0n), BigInt64Array.of(4n)])
    expect((await rows.columns(['age'])).map(whys)).toEqual([[BigInt64Array.of(3n)], [BigInt64Array.of(4n)]])
    await expect(open('a.csv', { age: 'i64[] of Age' })).rejects.toThrow('has no column `Age`')
  })

  test('its identity is all of its text', async () => {
    const print = async (text: string): Promise<string> => {
      project.write('a.csv', text)
      return (await open('a.csv', { a: 'text' })).fingerprint
    }
    const middle = (x: string): string => `a\n${'1\n'.repeat(200_000)}${x}\n${'1\n'.repeat(200_000)}`
    expect(await print(middle('2'))).not.toBe(await print(middle('3')))
  })
})

test('patterns name files in folders of several names; a folder is no file', async () => {
  for (const name of ['b/2.tar', 'a/1.tar', 'a/.x.tar', 'a/1.txt', '.c/3.tar']) project.write(name, 'x')
  expect(filesOf('*/*.tar', project.root)).toEqual([project.path('a/1.tar'), project.path('b/2.tar')])
  expect(filesOf('?/{1,2}.tar', project.root)).toEqual(
    ['a/1.tar', 'b/1.tar', 'a/2.tar', 'b/2.tar'].map((name) => project.path(name)),
  )
  expect(braces('{a,b}/x')).toEqual(['a/x', 'b/x'])
  await expect(webdataset.open({ shards: 'a' }, project.root)).rejects.toMatchObject({
    message: `${project.path('a')} is a folder`,
    help: 'name the files in it: "a/*.tar"',
  })
  await expect(parquet.open({ files: 'a', columns: {} }, project.root)).rejects.toThrow(DataInvalid)
})

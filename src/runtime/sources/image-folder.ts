import { type Dirent, readdirSync, realpathSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readFileSync } from '../../disk.js'
import { readSettings } from '../../settings.js'
import declared from '../../sources/image-folder.js'
import { encoded } from '../pictures/picture.js'
import { DataInvalid, DataMissing, type Row, type SourceOpener } from './dataset.js'
import { byName } from './files/by-name.js'
import { classNames } from './files/class-names.js'
import { fingerprintOf } from './files/fingerprint.js'
import { isPictureName, withoutEnding } from './files/picture-names.js'
import { readText } from './files/read-text.js'
import { type Unreadable, unreadable } from './sample-unreadable.js'

const help =
  'a folder for each class: photos/cat/1.jpg, photos/dog/2.jpg; or with `captions = true` a text beside each picture: photos/1.jpg, photos/1.txt'

const imageFolder = {
  name: declared.name,
  async open(settings, root) {
    const read = readSettings(settings, declared.parameters)
    const folder = resolve(root, read.string('folder'))
    const captions = read.bool('captions')
    const all = listed(picturesIn(folder), read.string('list'), root)
    const names = captions ? all : all.filter((name) => name.includes('/'))
    if (names.length === 0) throw new DataMissing(`there are no pictures in ${folder}`, help)
    const classOf = (name: string): string => name.slice(0, name.indexOf('/'))
    const filled = new Set(captions ? [] : names.map(classOf))
    const empty = captions ? undefined : foldersIn(folder).find((name) => !filled.has(name))
    if (empty !== undefined)
      throw new DataInvalid(
        `there are no pictures in ${join(folder, empty)}`,
        'each folder is a class, and the number of a class follows from the folders before it: fill it or remove it',
      )
    const classes = captions ? [] : classNames(filled, read.number('classes'), folder)
    const numbers = new Map(classes.map((name, k) => [name, k]))
    const rowOf = (index: number, with_: (name: string) => Row): Row => {
      const name = names[index]
      if (name === undefined) throw new RangeError(`no row ${index}`)
      return { ...with_(name), name }
    }
    const labels = (name: string): Row => {
      const own = classOf(name)
      return { label: BigInt64Array.of(BigInt(numbers.get(own) ?? 0)), class: own }
    }
    const caption = (name: string): Row => ({ caption: captionOf(folder, name) })
    const text = captions ? caption : labels
    return {
      length: names.length,
      fingerprint: fingerprintOf(folder, names, { captions }),
      names: new Map(captions ? [] : [['label', classes]]),
      row: (index) => rowOf(index, (name) => ({ image: encoded(join(folder, name), name), ...text(name) })),
      columns: async () => names.map((_, index) => rowOf(index, text)),
    }
  },
} satisfies SourceOpener

/** Of the pictures of a folder those that a file lists, in the order of the folder. */
function listed(pictures: readonly string[], list: string, root: string): readonly string[] {
  if (list === '') return pictures
  const file = resolve(root, list)
  const wanted = new Set(
    readText(file, 'a text file with the path of a picture in each line')
      .split('\n')
      .flatMap((line) => (line.trim() === '' ? [] : [line.trim()])),
  )
  const found = pictures.filter((name) => wanted.has(name))
  for (const name of found) wanted.delete(name)
  const [missing] = wanted
  if (missing !== undefined) throw new DataMissing(`${file} lists ${missing}, which is not there`, help)
  return found
}

/**
 * The pictures of a folder and of those in it, by their paths from it, in order. What is named `.x` is left out; links are
 * followed. `within` holds what leads here, so that a link to a folder above is not followed for ever.
 */
function picturesIn(folder: string, within: readonly Within[] = []): readonly string[] {
  const path = within.map(({ name }) => `${name}/`).join('')
  let entries
  try {
    entries = readdirSync(join(folder, path), { withFileTypes: true })
  } catch {
    throw new DataMissing(`the folder ${join(folder, path)} is missing`, help)
  }
  const found: string[] = []
  for (const entry of inOrder(entries)) {
    const { name } = entry
    if (name.startsWith('.')) continue
    if (!isFolder(entry, join(folder, path, name))) {
      if (isPictureName(name)) found.push(`${path}${name}`)
      continue
    }
    const place = realpathSync(join(folder, path, name))
    if (within.some((above) => above.place === place)) continue
    for (const inner of picturesIn(folder, [...within, { name, place }])) found.push(inner)
  }
  return found
}

/** A folder on the way to another, and where it lies when links are followed. */
interface Within {
  readonly name: string
  readonly place: string
}

function isFolder(entry: Dirent, path: string): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory()
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/** As `byName` orders them, which a million names would call twenty million times. */
function inOrder(entries: readonly Dirent[]): readonly Dirent[] {
  const byEntry = new Map(entries.map((entry) => [entry.name, entry]))
  const names = [...byEntry.keys()].sort()
  if (names.some((name) => /[\ud800-\udfff]/.test(name))) names.sort(byName)
  return names.flatMap((name) => byEntry.get(name) ?? [])
}

/** The folders of classes: those of which each is one, whether it holds pictures or not. */
function foldersIn(folder: string): readonly string[] {
  const entries = readdirSync(folder, { withFileTypes: true })
  return entries.flatMap((entry) =>
    !entry.name.startsWith('.') && isFolder(entry, join(folder, entry.name)) ? [entry.name] : [],
  )
}

function captionOf(folder: string, name: string): string | Unreadable {
  try {
    return readFileSync(join(folder, `${withoutEnding(name)}.txt`), 'utf8').trim()
  } catch {
    return unreadable(name, 'there is no text beside it')
  }
}

export default imageFolder

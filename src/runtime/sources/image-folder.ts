import { readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readSettings } from '../../settings.js'
import declared from '../../sources/image-folder.js'
import { encoded } from '../pictures/picture.js'
import { DataMissing, type Row, type SourceOpener } from './dataset.js'
import { classNames } from './files/class-names.js'
import { fingerprintOf } from './files/fingerprint.js'
import { isPictureName, withoutEnding } from './files/picture-names.js'
import { type Unreadable, unreadable } from './sample-unreadable.js'

const help =
  'a folder for each class: photos/cat/1.jpg, photos/dog/2.jpg; or with `captions = true` a text beside each picture: photos/1.jpg, photos/1.txt'

const imageFolder = {
  name: declared.name,
  async open(settings, root) {
    const read = readSettings(settings, declared.parameters)
    const folder = resolve(root, read.string('folder'))
    const captions = read.bool('captions')
    const all = picturesIn(folder)
    const names = captions ? all : all.filter((name) => name.includes('/'))
    if (names.length === 0) throw new DataMissing(`there are no pictures in ${folder}`, help)
    const classOf = (name: string): string => name.slice(0, name.indexOf('/'))
    const classes = captions ? [] : classNames(names.map(classOf), read.number('classes'), folder)
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

/** The pictures of a folder and of those in it, by their paths from it, in order. What is named `.x` is left out. */
function picturesIn(folder: string, within = ''): readonly string[] {
  let entries
  try {
    entries = readdirSync(join(folder, within), { withFileTypes: true })
  } catch {
    throw new DataMissing(`the folder ${join(folder, within)} is missing`, help)
  }
  const folders = new Set(entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])))
  const found: string[] = []
  // In the order of code units, as `byName`, which a million names would call twenty million times.
  for (const name of entries.map((entry) => entry.name).sort()) {
    const path = within === '' ? name : `${within}/${name}`
    if (name.startsWith('.')) continue
    if (folders.has(name)) for (const inner of picturesIn(folder, path)) found.push(inner)
    else if (isPictureName(name)) found.push(path)
  }
  return found
}

function captionOf(folder: string, name: string): string | Unreadable {
  try {
    return readFileSync(join(folder, `${withoutEnding(name)}.txt`), 'utf8').trim()
  } catch {
    return unreadable(name, 'there is no text beside it')
  }
}

export default imageFolder

import { resolve } from 'node:path'
import { readSettings } from '../../settings.js'
import declared from '../../sources/flickr30k.js'
import { DataInvalid, type SourceOpener } from './dataset.js'
import { captioned } from './files/captioned.js'
import { isInside } from './files/inside.js'
import { readText } from './files/read-text.js'

const help =
  'a line for each caption, `1000092795.jpg,Two young guys.` or `1000092795.jpg#0`, a tab and the caption; pictures in the folder flickr30k_images'

const flickr30k = {
  name: declared.name,
  async open(settings, root) {
    const read = readSettings(settings, declared.parameters)
    const file = resolve(root, read.string('captions'))
    const folder = resolve(root, read.string('images'))
    const numbers = new Map<string, bigint>()
    const rows = readText(file, help)
      .split(/\r?\n/)
      .flatMap((line, k) => {
        const [, name, caption] = /^(.*?\.jpg)(?:,|#\d+\t)(.*)$/.exec(line) ?? []
        if (name === undefined || caption === undefined) {
          // The first line may name the columns.
          if (k === 0 || line.trim() === '') return []
          throw new DataInvalid(`${file}, line ${k + 1}: no name of a picture and caption`, help)
        }
        if (!isInside(name))
          throw new DataInvalid(`${file}, line ${k + 1}: ${name} leads out of the folder`, help)
        const image = numbers.get(name) ?? BigInt(numbers.size)
        numbers.set(name, image)
        return [{ name, image, caption: caption.trim() }]
      })
    return captioned(rows, { file, folder, settings, help })
  },
} satisfies SourceOpener

export default flickr30k

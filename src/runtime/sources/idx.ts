import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { readSettings } from '../../settings.js'
import declared from '../../sources/idx.js'
import { blank } from '../pictures/picture.js'
import { DataInvalid, type SourceOpener } from './dataset.js'
import { openIdx } from './files/idx.js'

const help =
  'two files as MNIST has them: train-images-idx3-ubyte with the pictures, train-labels-idx1-ubyte with their labels; also packed, .gz'

const idx = {
  name: declared.name,
  async open(settings, root) {
    const read = readSettings(settings, declared.parameters)
    const [imageFile, labelFile] = [
      resolve(root, read.string('images')),
      resolve(root, read.string('labels')),
    ]
    const [images, labels] = [openIdx(imageFile, help), openIdx(labelFile, help)]
    const [count = 0, height = 0, width = 0] = images.shape
    const [wantedHeight, wantedWidth] = read.size('size')
    if (images.shape.length !== 3)
      throw new DataInvalid(`${imageFile} holds no pictures: its axes are ${images.shape.join(' x ')}`, help)
    if (height !== wantedHeight || width !== wantedWidth)
      throw new DataInvalid(
        `${imageFile} holds pictures of ${height} x ${width} pixels, not ${wantedHeight} x ${wantedWidth}`,
        `write \`size = [${height}, ${width}]\``,
      )
    if (labels.shape.length !== 1 || labels.shape[0] !== count)
      throw new DataInvalid(
        `${labelFile} holds ${labels.shape.join(' x ')} labels for ${count} pictures`,
        help,
      )
    const names = read.strings('names')
    const numbers = labels.all()
    const classes = numbers.reduce((most, label) => Math.max(most, label + 1), 0)
    const declaredClasses = read.number('classes')
    if (declaredClasses > 0 && classes > declaredClasses)
      throw new DataInvalid(
        `${labelFile} has labels up to ${classes - 1}, more than ${declaredClasses} classes`,
        `write \`classes = ${classes}\`, and give the model as many`,
      )
    if (names.length > 0 && names.length < classes)
      throw new DataInvalid(`${labelFile} has ${classes} classes, and \`names\` names ${names.length}`, help)
    const hash = createHash('sha256')
    for (const file of [images, labels]) file.addTo(hash)
    return {
      length: count,
      fingerprint: hash.digest('hex'),
      names: new Map(names.length > 0 ? [['label', names]] : []),
      row(index) {
        const label = numbers[index]
        if (label === undefined) throw new RangeError(`no row ${index}`)
        const image = blank(width, height)
        images.row(index).forEach((value, i) => image.data.fill(value, 3 * i, 3 * i + 3))
        return { image, label: BigInt64Array.of(BigInt(label)), class: names[label] ?? `${label}` }
      },
      columns: async () =>
        Array.from(numbers, (label) => ({
          label: BigInt64Array.of(BigInt(label)),
          class: names[label] ?? `${label}`,
        })),
    }
  },
} satisfies SourceOpener

export default idx

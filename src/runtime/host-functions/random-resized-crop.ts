import { readSettings } from '../../settings.js'
import type { Interpolation } from '../../sources/interpolation.js'
import declared from '../../sources/functions/random-resized-crop.js'
import { fastResize, uprightSize } from '../pictures/fast-resize.js'
import { crop } from '../pictures/geometry.js'
import { randomBox } from '../pictures/random-box.js'
import { resample } from '../pictures/resample.js'
import { pictureOf, pixelsOf } from './_pixels.js'
import type { HostBody } from './host-body.js'

const randomResizedCrop: HostBody = {
  name: declared.name,
  async prepare(settings) {
    const read = readSettings(settings, declared.parameters)
    const [height, width] = read.size('size')
    const how = read.string('interpolation') as Interpolation
    const [scale, ratio] = [range(read.numbers('scale')), range(read.numbers('ratio'))]
    const fast = read.bool('fast')
    return async ({ image }, draws) => {
      const picture = pictureOf(image)
      if (fast && picture.kind === 'encoded') {
        const box = randomBox(await uprightSize(picture), { scale, ratio }, draws)
        return fastResize(picture, [height, width], how, box)
      }
      const pixels = await pixelsOf(picture)
      const box = randomBox([pixels.height, pixels.width], { scale, ratio }, draws)
      return resample(crop(pixels, box), width, height, how)
    }
  },
}

const range = ([least = 1, most = least]: readonly number[]): readonly [number, number] => [
  Math.min(least, most),
  Math.max(least, most),
]

export default randomResizedCrop

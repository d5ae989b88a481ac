import { colourOf } from '../../colour.js'
import { readSettings } from '../../settings.js'
import type { Interpolation } from '../../sources/interpolation.js'
import declared from '../../sources/functions/letterbox.js'
import { crop, roundHalfEven } from '../pictures/geometry.js'
import { resample } from '../pictures/resample.js'
import { pixelsOf } from './_pixels.js'
import type { HostBody } from './host-body.js'

const letterbox: HostBody = {
  name: declared.name,
  async prepare(settings) {
    const read = readSettings(settings, declared.parameters)
    const [height, width] = read.size('size')
    const how = read.string('interpolation') as Interpolation
    const colour = colourOf(read.string('colour'))
    return async ({ image }) => {
      const picture = await pixelsOf(image)
      const scale = Math.min(height / picture.height, width / picture.width)
      const scaled = (side: number): number => Math.max(1, roundHalfEven(side * scale))
      const inner = resample(picture, scaled(picture.width), scaled(picture.height), how)
      // Of an odd number of lines the last bar has one more.
      const [left, top] = [Math.ceil((inner.width - width) / 2), Math.ceil((inner.height - height) / 2)]
      return crop(inner, { left, top, width, height }, colour)
    }
  },
}

export default letterbox

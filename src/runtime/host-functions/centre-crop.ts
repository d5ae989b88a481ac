import { readSettings } from '../../settings.js'
import declared from '../../sources/functions/centre-crop.js'
import { centreBox, crop } from '../pictures/geometry.js'
import { pixelsOf } from './_pixels.js'
import type { HostBody } from './host-body.js'

const centreCrop: HostBody = {
  name: declared.name,
  async prepare(settings) {
    const [height, width] = readSettings(settings, declared.parameters).size('size')
    return async ({ image }) => {
      const picture = await pixelsOf(image)
      return crop(picture, centreBox(picture, { width, height }))
    }
  },
}

export default centreCrop

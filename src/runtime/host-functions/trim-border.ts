import { readSettings } from '../../settings.js'
import declared from '../../sources/functions/trim-border.js'
import { withoutBorder } from '../pictures/border.js'
import { crop } from '../pictures/geometry.js'
import { pixelsOf } from './_pixels.js'
import type { HostBody } from './host-body.js'

const trimBorder: HostBody = {
  name: declared.name,
  async prepare(settings) {
    const tolerance = readSettings(settings, declared.parameters).number('tolerance')
    return async ({ image }) => {
      const picture = await pixelsOf(image)
      return crop(picture, withoutBorder(picture, tolerance))
    }
  },
}

export default trimBorder

import { readSettings } from '../../settings.js'
import type { Interpolation } from '../../sources/interpolation.js'
import declared from '../../sources/functions/resize.js'
import { shorterSide } from '../../sources/shorter-side.js'
import type { PictureSize } from '../../sources/source.js'
import { fastResize, uprightSize } from '../pictures/fast-resize.js'
import type { EncodedPicture } from '../pictures/picture.js'
import { resample } from '../pictures/resample.js'
import { pictureOf, pixelsOf } from './_pixels.js'
import type { HostBody } from './host-body.js'

const resize: HostBody = {
  name: declared.name,
  async prepare(settings) {
    const read = readSettings(settings, declared.parameters)
    const [given, how] = [read.json('size'), read.string('interpolation') as Interpolation]
    const target = (before: PictureSize): PictureSize =>
      typeof given === 'number' ? shorterSide(before, given) : read.size('size')
    // The header is read once more only where something depends on it.
    const exact = async (picture: EncodedPicture): Promise<PictureSize> =>
      typeof given === 'number' ? target(await uprightSize(picture)) : read.size('size')
    const fast = read.bool('fast')
    return async ({ image }) => {
      const picture = pictureOf(image)
      if (fast && picture.kind === 'encoded') return fastResize(picture, await exact(picture), how)
      const pixels = await pixelsOf(picture)
      const [height, width] = target([pixels.height, pixels.width])
      return resample(pixels, width, height, how)
    }
  },
}

export default resize

import { readSettings } from '../../settings.js'
import type { HostFunction } from '../source.js'
import { shorterSide } from '../shorter-side.js'
import { fast, image, interpolation, picture, size, sizeOf } from './_picture.js'

const parameters = [
  image,
  {
    ...size,
    doc: 'A number: the shorter side becomes so many pixels long, the other follows. [height, width]: exactly that, whatever the shape was.',
  },
  interpolation,
  fast,
] as const

const resize: HostFunction = {
  name: 'resize',
  doc: 'A picture in another size, bit-equal to Pillow. Source: torchvision.transforms.Resize.',
  parameters,
  type(columns, settings) {
    const { size: given } = settings
    if (typeof given !== 'number') return picture(readSettings(settings, parameters).size('size'))
    const before = sizeOf(columns['image'])
    return picture(before && shorterSide(before, given))
  },
}

export default resize

import type { HostFunction, SettingParameter } from '../source.js'
import { image, picture, sizeOf } from './_picture.js'

const strength = (name: string, doc: string, max?: number): SettingParameter => ({
  name,
  kind: 'float',
  default: 0,
  min: 0,
  ...(max === undefined ? {} : { max }),
  doc,
})

const colourJitter: HostFunction = {
  name: 'colour_jitter',
  doc: 'A picture whose brightness, contrast, saturation and hue change by random factors, in a random order; bit-equal to Pillow for equal factors. Source: torchvision.transforms.ColorJitter.',
  parameters: [
    image,
    strength('brightness', 'The factor lies between 1 - brightness and 1 + brightness.'),
    strength('contrast', 'The same for the distance to the mean grey.'),
    strength('saturation', 'The same for the distance of each pixel to its own grey.'),
    strength('hue', 'The colours turn by at most this share of the circle.', 0.5),
  ],
  draws: true,
  type: (columns) => picture(sizeOf(columns['image'])),
}

export default colourJitter

import { readSettings } from '../../settings.js'
import type { HostFunction } from '../source.js'
import { fast, image, interpolation, picture, size } from './_picture.js'

const parameters = [
  image,
  size,
  {
    name: 'scale',
    kind: 'floats',
    default: [0.08, 1],
    min: 0,
    max: 1,
    doc: 'The least and the greatest share of the area.',
  },
  {
    name: 'ratio',
    kind: 'floats',
    default: [3 / 4, 4 / 3],
    min: 1e-3,
    doc: 'The least and the greatest width by height, before resizing.',
  },
  interpolation,
  fast,
] as const

const randomResizedCrop: HostFunction = {
  name: 'random_resized_crop',
  doc: 'A random part of a picture, resized. Source: torchvision.transforms.RandomResizedCrop.',
  parameters,
  draws: true,
  type: (_columns, settings) => picture(readSettings(settings, parameters).size('size')),
}

export default randomResizedCrop

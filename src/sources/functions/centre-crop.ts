import { readSettings } from '../../settings.js'
import type { HostFunction } from '../source.js'
import { image, picture, size } from './_picture.js'

const parameters = [image, size] as const

const centreCrop: HostFunction = {
  name: 'centre_crop',
  doc: 'The middle of a picture; what a smaller one lacks is black. Source: torchvision.transforms.CenterCrop.',
  parameters,
  type: (_columns, settings) => picture(readSettings(settings, parameters).size('size')),
}

export default centreCrop

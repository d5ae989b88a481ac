import { readSettings } from '../../settings.js'
import type { HostFunction } from '../source.js'
import { image, interpolation, picture, size } from './_picture.js'

const parameters = [
  image,
  size,
  { name: 'colour', kind: 'colour', default: '#ffffff', doc: 'The colour of the bars, `#rrggbb`.' },
  interpolation,
] as const

const letterbox: HostFunction = {
  name: 'letterbox',
  doc: 'The whole picture, as large as it fits, between bars of one colour: what img2dataset does by default.',
  parameters,
  type: (_columns, settings) => picture(readSettings(settings, parameters).size('size')),
}

export default letterbox

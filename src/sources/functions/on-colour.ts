import type { HostFunction } from '../source.js'
import { image, picture, sizeOf } from './_picture.js'

const onColour: HostFunction = {
  name: 'on_colour',
  doc: 'A transparent picture on a ground of one colour. Without it the ground is white.',
  parameters: [image, { name: 'colour', kind: 'colour', doc: 'The ground, `#rrggbb`.' }],
  type: (columns) => picture(sizeOf(columns['image'])),
}

export default onColour

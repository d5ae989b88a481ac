import type { HostFunction } from '../source.js'
import { image, picture, probability, sizeOf } from './_picture.js'

const flip = (name: string, doc: string): HostFunction => ({
  name,
  doc,
  parameters: [image, probability],
  draws: true,
  type: (columns) => picture(sizeOf(columns['image'])),
})

export default [
  flip('random_horizontal_flip', 'With a probability the picture in a mirror.'),
  flip('random_vertical_flip', 'With a probability the picture upside down.'),
]

import type { HostFunction } from '../source.js'
import { image, picture } from './_picture.js'

const trimBorder: HostFunction = {
  name: 'trim_border',
  doc: 'A picture without the lines of one colour at its edges that a letter-box left. The colour is that of the corner at the upper left; a picture of one colour stays as it is.',
  parameters: [
    image,
    {
      name: 'tolerance',
      kind: 'int',
      default: 8,
      min: 0,
      max: 255,
      doc: 'How far each channel may lie from that colour, since JPEG blurs it.',
    },
  ],
  type: () => picture(null),
}

export default trimBorder

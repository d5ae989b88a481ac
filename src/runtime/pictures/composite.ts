import { type Colour, white } from '../../colour.js'
import type { Pixels } from './picture.js'

/** A picture on a ground of one colour, bit-equal to Pillow's `alpha_composite`; without transparency as it is. */
export function onColour(picture: Pixels, colour: Colour = white): Pixels {
  if (picture.channels === 3) return picture
  const { width, height, data } = picture
  const out = new Uint8Array(width * height * 3)
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    const alpha = data[from + 3] ?? 0
    for (let c = 0; c < 3; c++) out[to + c] = blend(data[from + c] ?? 0, colour[c] ?? 0, alpha)
  }
  return { kind: 'pixels', width, height, channels: 3, data: out }
}

/** Pillow counts with 7 more bits, and divides by 255 with shifts. */
function blend(over: number, under: number, alpha: number): number {
  if (alpha === 0) return under
  const sum = (over * alpha + under * (255 - alpha)) * 128 + (128 << 7)
  return (((sum >> 8) + sum) >> 8) >> 7
}

import type { TensorType } from '../graph/types.js'
import { type Pixels, blank } from '../runtime/pictures/picture.js'
import { resample } from '../runtime/pictures/resample.js'
import type { TensorValue } from '../runtime/sources/dataset.js'

/** Whether a field is a picture: three planes of bytes, or of floats in [0, 1]. */
export const isPictureField = ({ dtype, shape: [planes, ...sides] }: TensorType): boolean =>
  (dtype === 'u8' || dtype === 'f32') && planes === 3 && sides.length === 2

/** The picture that a field [3, height, width] is; floats outside of [0, 1] are clamped. */
export function tileOf(value: TensorValue, { dtype, shape }: TensorType): Pixels {
  const [, height = 0, width = 0] = shape
  const tile = blank(width, height)
  const plane = width * height
  const scale = dtype === 'u8' ? 1 : 255
  for (let i = 0; i < plane; i++)
    for (let c = 0; c < 3; c++)
      tile.data[i * 3 + c] = Math.round(Math.min(Math.max(Number(value[c * plane + i]) * scale, 0), 255))
  return tile
}

/** Small pictures enlarged by a whole factor, so that their pixels can be seen, large ones shrunk. */
export function sizedTo(tile: Pixels, least: number, most: number): Pixels {
  const side = Math.max(tile.width, tile.height)
  const factor = side > most ? most / side : Math.max(1, Math.floor(least / side))
  if (factor === 1) return tile
  const scaled = (length: number): number => Math.max(1, Math.round(length * factor))
  return resample(tile, scaled(tile.width), scaled(tile.height), factor > 1 ? 'nearest' : 'bilinear')
}

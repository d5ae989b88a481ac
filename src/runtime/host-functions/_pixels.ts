import { onColour } from '../pictures/composite.js'
import { decode } from '../pictures/decode.js'
import { type Picture, type Pixels, isPicture } from '../pictures/picture.js'
import type { ColumnValue } from '../sources/dataset.js'

/** The picture among the values of a function. */
export function pictureOf(value: ColumnValue | undefined): Picture {
  if (typeof value === 'object' && isPicture(value)) return value
  throw new Error('a function of pictures got none')
}

/** The same, decoded, in red, green and blue. */
export const pixelsOf = async (value: ColumnValue | undefined): Promise<Pixels> =>
  onColour(await decode(pictureOf(value)))

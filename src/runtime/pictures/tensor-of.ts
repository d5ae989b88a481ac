import { type TensorType, formatType } from '../../graph/types.js'
import type { ColumnValue, TensorValue } from '../sources/dataset.js'
import { onColour } from './composite.js'
import { decode } from './decode.js'
import { planes } from './geometry.js'
import { isPicture } from './picture.js'

/** What a row gives to a field of a type: the numbers of a picture are bytes, or floats in [0, 1]. */
export async function tensorOf(value: ColumnValue, type: TensorType): Promise<TensorValue> {
  if (typeof value === 'string') throw new Error(`text for ${formatType(type)}`)
  if (!('kind' in value)) return value
  if (!isPicture(value)) throw new Error(`nothing for ${formatType(type)}`)
  const picture = onColour(await decode(value))
  const [, height, width] = type.shape
  if (picture.height !== height || picture.width !== width)
    throw new Error(`a picture of ${picture.height} x ${picture.width} for ${formatType(type)}`)
  const bytes = planes(picture)
  return type.dtype === 'u8' ? bytes : Float32Array.from(bytes, (v) => v / 255)
}

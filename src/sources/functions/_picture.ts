import type { ColumnParameter, ColumnType, PictureSize, SettingParameter } from '../source.js'
import { interpolations } from '../interpolation.js'

/** The picture that a function changes. */
export const image: ColumnParameter = {
  name: 'image',
  kind: 'column',
  takes: 'picture',
  doc: 'The picture. Where it is transparent, white shows.',
}

export const size: SettingParameter = {
  name: 'size',
  kind: 'size',
  min: 1,
  max: 16384,
  doc: 'Height and width of the result in pixels; one number stands for both.',
}

export const interpolation: SettingParameter = {
  name: 'interpolation',
  kind: 'string',
  default: 'bilinear',
  choices: interpolations,
  doc: 'How pixels between pixels are made.',
}

export const fast: SettingParameter = {
  name: 'fast',
  kind: 'bool',
  default: false,
  doc: 'Resizes with libvips while decoding, some three times as fast; pixels differ a little from those of Pillow.',
}

export const probability: SettingParameter = {
  name: 'p',
  kind: 'float',
  default: 0.5,
  min: 0,
  max: 1,
  doc: 'The probability.',
}

export const picture = (size: PictureSize | null): ColumnType => ({ kind: 'picture', size })

/** The size of a picture that a function leaves as it is. */
export const sizeOf = (type: ColumnType | undefined): PictureSize | null =>
  type?.kind === 'picture' ? type.size : null

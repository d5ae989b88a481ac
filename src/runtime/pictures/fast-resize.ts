import type { KernelEnum } from 'sharp'
import type { Interpolation } from '../../sources/interpolation.js'
import type { PictureSize } from '../../sources/source.js'
import { opened, reading } from './decode.js'
import type { Box } from './geometry.js'
import type { EncodedPicture, Pixels } from './picture.js'

const kernels = { nearest: 'nearest', bilinear: 'linear', bicubic: 'cubic' } as const satisfies Readonly<
  Record<Interpolation, keyof KernelEnum>
>

/** Height and width as the picture is seen, from its header. */
export const uprightSize = (picture: EncodedPicture): Promise<PictureSize> =>
  reading(picture, async () => {
    const { image } = await opened(picture)
    const { autoOrient } = await image.metadata()
    return [autoOrient.height, autoOrient.width]
  })

/** A picture, or a part of it, in another size by libvips, which decodes no more of a JPEG than it needs; on white. */
export const fastResize = (
  picture: EncodedPicture,
  [height, width]: PictureSize,
  how: Interpolation,
  box?: Box,
): Promise<Pixels> =>
  reading(picture, async () => {
    const { image } = await opened(picture)
    const upright = image.autoOrient()
    const data = await (box ? upright.extract(box) : upright)
      .resize(width, height, { fit: 'fill', kernel: kernels[how] })
      .toColourspace('srgb')
      .flatten({ background: '#ffffff' })
      .raw()
      .toBuffer()
    return { kind: 'pixels', width, height, channels: 3, data }
  })

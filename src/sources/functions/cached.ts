import type { HostFunction } from '../source.js'
import { image, picture, sizeOf } from './_picture.js'

/** What decoding and resizing take is paid once for a picture, by whoever asks first. */
const cached: HostFunction = {
  name: 'cached',
  doc: 'A picture that is made once and then read from `.dcrc/cache/pictures`, decoded: `random_horizontal_flip(cached(resize(image, 256)))`. What draws stands outside. The entries are found by the bytes of the picture and all that was done to it, so a change of either makes another; pipelines share them, and the folder can be deleted at any time.',
  parameters: [image],
  type: (columns) => picture(sizeOf(columns['image'])),
  keeps: true,
}

export default cached

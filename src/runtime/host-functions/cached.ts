import declared from '../../sources/functions/cached.js'
import { pixelsOf } from './_pixels.js'
import type { HostBody } from './host-body.js'

/** What is kept: the picture, decoded. */
const cached: HostBody = {
  name: declared.name,
  async prepare() {
    return ({ image }) => pixelsOf(image)
  },
}

export default cached

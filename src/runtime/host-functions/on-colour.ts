import { colourOf } from '../../colour.js'
import { readSettings } from '../../settings.js'
import declared from '../../sources/functions/on-colour.js'
import { onColour as composite } from '../pictures/composite.js'
import { decode } from '../pictures/decode.js'
import { pictureOf } from './_pixels.js'
import type { HostBody } from './host-body.js'

const onColour: HostBody = {
  name: declared.name,
  async prepare(settings) {
    const colour = colourOf(readSettings(settings, declared.parameters).string('colour'))
    return async ({ image }) => composite(await decode(pictureOf(image)), colour)
  },
}

export default onColour

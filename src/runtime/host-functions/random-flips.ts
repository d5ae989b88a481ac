import { readSettings } from '../../settings.js'
import declared from '../../sources/functions/random-flips.js'
import { mirror, upsideDown } from '../pictures/geometry.js'
import type { Pixels } from '../pictures/picture.js'
import { pixelsOf } from './_pixels.js'
import type { HostBody } from './host-body.js'

const changes: readonly ((picture: Pixels) => Pixels)[] = [mirror, upsideDown]

const flips = declared.flatMap(({ name, parameters }, i): HostBody[] => {
  const change = changes[i]
  if (!change) return []
  const prepare: HostBody['prepare'] = async (settings) => {
    const p = readSettings(settings, parameters).number('p')
    return async ({ image }, draws) => {
      const picture = await pixelsOf(image)
      return draws.uniform() < p ? change(picture) : picture
    }
  }
  return [{ name, prepare }]
})

export default flips

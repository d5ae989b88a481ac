import { readSettings } from '../../settings.js'
import declared from '../../sources/functions/colour-jitter.js'
import { brightness, contrast, hue, saturation } from '../pictures/jitter.js'
import { pixelsOf } from './_pixels.js'
import type { Draws, HostBody } from './host-body.js'

const changes = { brightness, contrast, saturation }

const colourJitter: HostBody = {
  name: declared.name,
  async prepare(settings) {
    const read = readSettings(settings, declared.parameters)
    const factors = Object.entries(changes).map(([name, change]) => {
      const strength = read.number(name)
      return { change, low: Math.max(0, 1 - strength), high: 1 + strength, acts: strength > 0 }
    })
    const turn = read.number('hue')
    const all = [...factors, { change: hue, low: -turn, high: turn, acts: turn > 0 }]
    return async ({ image }, draws) => {
      let picture = await pixelsOf(image)
      const values = all.map(({ low, high }) => low + (high - low) * draws.uniform())
      for (const k of shuffled(all.length, draws)) {
        const [one, value] = [all[k], values[k]]
        if (one?.acts === true && value !== undefined) picture = one.change(picture, value)
      }
      return picture
    }
  },
}

function shuffled(count: number, draws: Draws): readonly number[] {
  const order = Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(draws.uniform() * (i + 1))
    const [a = 0, b = 0] = [order[i], order[j]]
    order[i] = b
    order[j] = a
  }
  return order
}

export default colourJitter

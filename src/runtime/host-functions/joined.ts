import { readSettings } from '../../settings.js'
import declared from '../../sources/functions/joined.js'
import type { HostBody } from './host-body.js'

const joined: HostBody = {
  name: declared.name,
  async prepare(settings) {
    const by = readSettings(
      settings,
      declared.parameters.filter((p) => p.kind !== 'column'),
    ).string('by')
    return ({ first, second }) => {
      if (typeof first !== 'string' || typeof second !== 'string') throw new Error('joined got no text')
      return `${first}${by}${second}`
    }
  },
}

export default joined

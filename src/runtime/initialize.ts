import type { Initializer } from '../artefact/models.js'
import { elementCount } from '../graph/types.js'
import { drawKey, normal, uniform } from './draws.js'

/** The values a parameter starts with: a pure function of (seed, model, path), by the generator of the draws. */
export function initialValues(
  init: Initializer,
  shape: readonly number[],
  name: { readonly seed: number; readonly model: string; readonly path: string },
): Float32Array {
  const place = { key: drawKey(name.seed, 'init', name.model, name.path), step: 0, micro: 0 }
  const out = new Float32Array(elementCount(shape))
  switch (init.kind) {
    case 'constant':
      out.fill(init.value)
      break
    case 'uniform':
      uniform(out, shape, place, init.low, init.high)
      break
    case 'normal':
      normal(out, shape, place, init.mean, init.std)
      break
    case 'copy':
      throw new Error(`${name.model}.${name.path} starts as another model is`)
  }
  return out
}

import { describe, expect, test } from 'vitest'
import { Builder } from '../../src/graph/builder.js'
import { composites, operators } from '../../src/ops/registry.js'
import { addCall, seeds } from './calls.js'
import { differentiated, valuesOf } from './differentiated.js'
import { differences, relativeError } from './differences.js'

const tolerance = 1e-5

/** They are x itself and pass no gradient on: that is what they are for. */
const stopping = ['StopGradient', 'StateValue', 'Updated']

describe('the derivative rule agrees with finite differences of the value', () => {
  for (const operator of [...operators, ...composites]) {
    const { name } = operator
    if ('derivative' in operator && operator.derivative.kind === 'none') continue
    test(name, () => {
      let checked = 0
      for (const seed of seeds) {
        const { b, call, forward, targets, weights, found } = differentiated(operator, seed)
        const present = found.filter((v) => v !== null)
        const computed = valuesOf(b, call, present)
        for (const [k, target] of targets.entries()) {
          const value = found[k]
          const numeric = differences(forward, call.fed, target, weights)
          const analytic = value ? computed[present.indexOf(value)]?.data : new Float64Array(numeric.length)
          expect(value?.type ?? target.type, `${name} seed ${seed}: type of the gradient`).toEqual(
            target.type,
          )
          // What stop_gradient hides from the engine is exactly what a difference sees.
          if (stopping.includes(name)) expect(value).toBeNull()
          else
            expect(relativeError(analytic ?? [], numeric), `${name} seed ${seed} input ${k}`).toBeLessThan(
              tolerance,
            )
          checked++
        }
      }
      const samplesFloats = seeds.some((seed) => addCall(new Builder(), operator, seed).fed.size > 0)
      expect(checked > 0).toBe(samplesFloats)
    })
  }
})

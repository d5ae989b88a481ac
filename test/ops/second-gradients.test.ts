import { describe, expect, test } from 'vitest'
import { tensor } from '../../src/graph/types.js'
import { composites, operators } from '../../src/ops/registry.js'
import { SampleRandom } from '../../src/ops/sample.js'
import { lookup, seeds } from './calls.js'
import { differentiated, graphOf, valuesOf, weightedGradients } from './differentiated.js'
import { along } from './differences.js'

const tolerance = 1e-5

describe('the gradient of a gradient agrees with finite differences of the gradient, along random directions', () => {
  for (const operator of [...operators, ...composites]) {
    if ('derivative' in operator && operator.derivative.kind !== 'rule') continue
    test(operator.name, () => {
      for (const seed of seeds.slice(0, 10)) {
        const { b, call, targets, found } = differentiated(operator, seed)
        const present = found.filter((v) => v !== null)
        const graph = graphOf(b, present)
        const { weights, found: second } = weightedGradients(b, seed + 2000, present, targets)
        const random = new SampleRandom(seed + 3000)
        for (const [k, target] of targets.entries()) {
          const value = second[k]
          const computed = value ? valuesOf(b, call, [value])[0] : undefined
          const { shape } = lookup(call.fed, target)
          for (let repeat = 0; repeat < 3; repeat++) {
            const direction = random.tensor(shape)
            const terms = direction.data.map((d, i) => d * (computed?.data[i] ?? 0))
            const analytic = terms.reduce((a, v) => a + v, 0)
            const numeric = along(graph, call.fed, target, weights, tensor('f32', shape, direction.data))
            const size = terms.reduce((a, v) => a + Math.abs(v), 1e-3)
            expect(
              Math.abs(analytic - numeric) / size,
              `${operator.name} seed ${seed} input ${k}`,
            ).toBeLessThan(tolerance)
          }
        }
      }
    })
  }
})

import { describe, expect, it } from 'vitest'
import { gradients } from '../../src/compiler/6-differentiate/gradients.js'
import { interpret } from '../../src/graph/interpret.js'
import { assertValid } from '../../src/graph/verify.js'
import type { Tensor } from '../../src/graph/types.js'
import { SampleRandom } from '../../src/ops/sample.js'
import { randomGraph } from './random-graph.js'
import { alongDirection, dot } from './run.js'

describe('the gradient of random graphs', () => {
  it.each(Array.from({ length: 200 }, (_, seed) => seed))(
    'agrees with central differences, graph %i',
    (seed) => {
      const { b, loss, inputs, graph } = randomGraph(seed, 3 + (seed % 28))
      const targets = [...inputs.keys()]
      const found = gradients(b, [{ value: loss }], targets)
      const backward = b.finish(
        'gradient',
        found.flatMap((value, i) => (value ? [{ name: `d${i}`, value }] : [])),
      )
      assertValid(backward)
      const values = interpret(backward, (v) => inputs.get(v) as Tensor)
      const byTarget = new Map(targets.filter((_, i) => found[i]).map((t, i) => [t, values[i] as Tensor]))

      const random = new SampleRandom(seed + 1000)
      for (let k = 0; k < 2; k++) {
        const direction = new Map(
          [...inputs].map(([v, t]) => [v, random.tensor(t.shape, { low: -0.5, high: 0.5 })]),
        )
        const expected = alongDirection(graph, inputs, direction)
        let projected = 0
        let scale = 1
        for (const [target, gradient] of byTarget) {
          expect(gradient.shape).toEqual(target.type.shape)
          const term = dot(gradient, direction.get(target) as Tensor)
          projected += term
          scale += Math.abs(term)
        }
        expect(Math.abs(projected - expected) / scale).toBeLessThan(1e-6)
      }
    },
  )
})

import { expect, test } from 'vitest'
import { Builder } from '../../src/graph/builder.js'
import { SampleRandom } from '../../src/ops/sample.js'
import { lookup } from './calls.js'
import { graphOf, valuesOf, weightedGradients } from './differentiated.js'
import { differences, relativeError } from './differences.js'

/** Windows as wide as their stride cover an axis of their total length once, unless padding moves them. */
test.each([
  { pads: [0, 0], count_include_pad: 0 },
  { pads: [1, 0], count_include_pad: 0 },
  { pads: [1, 0], count_include_pad: 1 },
  { pads: [1, 1], count_include_pad: 1 },
])('the gradient of AveragePool of width 2 and stride 2 over 4 places, $pads', (attributes) => {
  const random = new SampleRandom(7)
  const b = new Builder()
  const x = b.input('x', { dtype: 'f32', shape: [2, 3, 4] })
  const fed = new Map([[x, random.tensor([2, 3, 4])]])
  const y = b.op('AveragePool', [x], { kernel_shape: [2], strides: [2], ...attributes })
  const forward = graphOf(b, [y])
  const { weights, found } = weightedGradients(b, 8, [y], [x])
  const [gradient] = valuesOf(
    b,
    { fed },
    found.flatMap((v) => v ?? []),
  )
  expect(lookup(fed, x).shape).toEqual(gradient?.shape)
  expect(relativeError(gradient?.data ?? [], differences(forward, fed, x, weights))).toBeLessThan(1e-9)
})

import { describe, expect, it } from 'vitest'
import { cpu } from '../../src/targets/cpu/index.js'
import { dropMarkers, expandGradients } from '../../src/compiler/6-differentiate/expand.js'
import { optimizeForward } from '../../src/compiler/5-optimize/index.js'
import { optimize } from '../../src/compiler/7-optimize/index.js'
import { Builder } from '../../src/graph/builder.js'
import type { Graph, Value } from '../../src/graph/graph.js'
import { SampleRandom } from '../../src/ops/sample.js'
import { randomFeeds } from '../emit/profile.js'
import { difference, outputsOf } from './compare.js'

const context = {}

/** A loss that reads a value only through `use`, and the gradient of the loss with respect to that value. */
function graphOf(target: (b: Builder, x: Value) => Value, use: (b: Builder, y: Value) => Value): Graph {
  const b = new Builder()
  const x = b.input('x', { dtype: 'f32', shape: [4, 6] })
  const y = target(b, x)
  const z = use(b, y)
  const loss = b.sum(
    b.mul(z, z),
    z.type.shape.map((_, i) => i),
  )
  const [gradient] = b.node('Gradient', [loss, y])
  return b.finish('g', [
    { name: 'loss', value: loss },
    { name: 'gradient', value: gradient as Value },
  ])
}

const weight = (b: Builder): Value => b.constant(new SampleRandom(1).tensor([6, 6]))

/** Values that passes like to look through, and what reads them. */
const cases: Readonly<Record<string, Graph>> = {
  'a change of shape under another': graphOf(
    (b, x) => b.reshape(x, [2, 12]),
    (b, y) => b.reshape(y, [24]),
  ),
  'a transpose before a product': graphOf(
    (b, x) => b.transpose(x, [1, 0]),
    (b, y) => b.matmul(y, b.transpose(y, [1, 0])),
  ),
  'a negation under an addition': graphOf(
    (b, x) => b.neg(x),
    (b, y) => b.add(y, b.scalar(1)),
  ),
  'a scaled value before a product': graphOf(
    (b, x) => b.scale(x, 3),
    (b, y) => b.matmul(y, weight(b)),
  ),
  'a product before its bias': graphOf(
    (b, x) => b.op('Gemm', [x, weight(b), null]),
    (b, y) => b.add(y, b.scalar(2)),
  ),
  'an expanded value': graphOf(
    (b, x) => b.expand(x, [3, 4, 6]),
    (b, y) => b.mul(y, b.constant(new SampleRandom(2).tensor([3, 4, 6]))),
  ),
  'repeated rows': graphOf(
    (b, x) => b.reshape(b.expand(b.reshape(x, [4, 1, 6]), [4, 4, 6]), [16, 6]),
    (b, y) => b.op('Tanh', [b.matmul(y, weight(b))]),
  ),
}

describe('a gradient with respect to a value survives the passes before differentiation', () => {
  for (const [name, graph] of Object.entries(cases)) {
    it(name, async () => {
      const plain = expandGradients(graph)
      const expanded = expandGradients(optimizeForward(graph, cpu, context).graph)
      const prepared = optimize(dropMarkers(expanded), cpu, context).graph
      const feeds = randomFeeds(plain)
      expect(difference(await outputsOf(plain, feeds), await outputsOf(prepared, feeds))).toBeLessThan(2e-6)
    })
  }
})

import { describe, expect, it } from 'vitest'
import { layout } from '../../src/compiler/8-schedule/layout.js'
import { liveness } from '../../src/compiler/8-schedule/liveness.js'
import { assignNames } from '../../src/compiler/8-schedule/names.js'
import { emit } from '../../src/compiler/9-emit/onnx.js'
import { executionOrder } from '../../src/compiler/8-schedule/order.js'
import { Builder } from '../../src/graph/builder.js'
import type { Graph, Output, Value } from '../../src/graph/graph.js'
import { assertValid } from '../../src/graph/verify.js'
import { SampleRandom } from '../../src/ops/sample.js'
import { mlpStep } from './graphs.js'
import { executedOrder, randomFeeds } from './profile.js'

const plannedNames = (graph: Graph): readonly (string | undefined)[] => {
  const { node } = assignNames(graph)
  return executionOrder(graph).map((n) => node.get(n))
}

/** A graph of 5 to 60 nodes in which any node may read any earlier one, with several outputs. */
function randomGraph(seed: number): Graph {
  const random = new SampleRandom(seed)
  const b = new Builder()
  const type = { dtype: 'f32', shape: [4, 4] } as const
  const values: Value[] = [b.input('x', type), b.input('y', type)]
  const length = random.int(5, 60)
  for (let i = 0; i < length; i++) {
    const [x, y] = [random.pick(values), random.pick(values)]
    values.push(random.pick([() => b.op('Add', [x, y]), () => b.matmul(x, y), () => b.op('Tanh', [x])])())
  }
  const outputs: Output[] = values.flatMap((value, i) =>
    random.bool(0.2) ? [{ name: `out${i}`, value }] : [],
  )
  return b.finish('random', [...outputs, { name: 'last', value: values.at(-1) as Value }])
}

describe('the file order', () => {
  it('makes onnxruntime run the nodes in the order that the plan states', async () => {
    for (let seed = 0; seed < 40; seed++) {
      const graph = layout(randomGraph(seed))
      assertValid(graph)
      const executed = await executedOrder(emit(graph), randomFeeds(graph))
      const live = new Set(executed)
      expect(executed).toEqual(plannedNames(graph))
      expect(live.size).toBe(graph.nodes.length)
    }
  })

  it('runs an update as soon as the gradient is there, not after the whole backward pass', async () => {
    const graph = layout(mlpStep({ layers: 6, batch: 4, width: 3 }))
    const executed = await executedOrder(emit(graph), randomFeeds(graph))
    expect(executed).toEqual(plannedNames(graph))
    const update = executed.findIndex((n) => n.startsWith('Sub'))
    const lastBackward = executed.findLastIndex((n) => n.startsWith('MatMul'))
    expect(update).toBeGreaterThan(0)
    expect(update).toBeLessThan(lastBackward)
  })

  it('needs less memory than the order in which the backward pass was built', () => {
    const built = mlpStep({ layers: 24, batch: 512, width: 64 })
    expect(liveness(layout(built)).peak).toBeLessThan(liveness(built).peak)
  })

  it('gives the same bytes for the same graph', () => {
    const twice = [0, 1].map(() => emit(layout(mlpStep({ layers: 3, batch: 4, width: 3 }))))
    expect(twice[0]).toEqual(twice[1])
  })
})

import { describe, expect, it } from 'vitest'
import { cpu } from '../../src/targets/cpu/index.js'
import { gradients } from '../../src/compiler/6-differentiate/gradients.js'
import { optimizeForward } from '../../src/compiler/5-optimize/index.js'
import { pushRepeats } from '../../src/compiler/passes/push-repeats/index.js'
import { costOf } from '../../src/compiler/8-schedule/cost.js'
import { Builder } from '../../src/graph/builder.js'
import type { Graph, Value } from '../../src/graph/graph.js'
import { operators } from '../../src/ops/registry.js'
import { randomFeeds } from '../emit/profile.js'
import { difference, outputsOf } from './compare.js'

const context = {}
const [n, t, d] = [4, 6, 8]

/** Rows as `a[i]` (slow) and `b[j]` (fast) make them. */
const repeated = (b: Builder, x: Value, axis: 0 | 1): Value => {
  const rest = x.type.shape.slice(1)
  const thin = axis === 0 ? [n, 1, ...rest] : [1, n, ...rest]
  return b.reshape(b.expand(b.reshape(x, thin), [n, n, ...rest]), [n * n, ...rest])
}

/** A linear layer and an activation on [rows, t, d]. */
const layer = (b: Builder, x: Value, weight: Value): Value => {
  const [rows = 1, tokens = 1, width = 1] = x.type.shape
  const y = b.op('Gemm', [b.reshape(x, [rows * tokens, width]), weight, null], { transB: 1 })
  return b.op('Tanh', [b.reshape(y, [rows, tokens, width])])
}

const inputs = (b: Builder) => ({
  a: b.input('a', { dtype: 'f32', shape: [n, t, d] }),
  c: b.input('c', { dtype: 'f32', shape: [n, t, d] }),
  w: b.input('w', { dtype: 'f32', shape: [d, d] }),
  u: b.input('u', { dtype: 'f32', shape: [d, d] }),
})

/** f(a[i], c[j]): self-attention of a layer of a, cross-attention to a layer of c. */
function pairsGraph(): { graph: Graph; loss: (b: Builder, y: Value) => Value } {
  const b = new Builder()
  const { a, c, w, u } = inputs(b)
  const x = layer(b, repeated(b, a, 0), w)
  const own = b.op('Softmax', [b.matmul(x, b.transpose(x, [0, 2, 1]))], { axis: -1 })
  const h = b.add(x, b.matmul(own, x))
  const k = layer(b, repeated(b, c, 1), u)
  const cross = b.op('Softmax', [b.matmul(h, b.transpose(k, [0, 2, 1]))], { axis: -1 })
  const y = b.add(h, b.matmul(cross, k))
  return {
    graph: b.finish('pairs', [{ name: 'y', value: y }]),
    loss: (b2, v) => b2.sum(b2.mul(v, v), [0, 1, 2]),
  }
}

/** An operator of one argument on repeated rows; nothing where it takes more or other arguments. */
function opOf(name: string): Graph | undefined {
  const b = new Builder()
  const x = repeated(b, inputs(b).a, 0)
  try {
    return b.finish('g', [{ name: 'y', value: b.op(name, [x]) }])
  } catch {
    return undefined
  }
}

const flops = (graph: Graph, op: string): number =>
  costOf(graph).byOperator.find((c) => c.op === op)?.flops ?? 0

describe('what depends on one index of a pair', () => {
  it('is computed for n rows, not n * n', async () => {
    const { graph } = pairsGraph()
    const { graph: pushed } = optimizeForward(graph, cpu, context)
    expect(flops(pushed, 'Gemm')).toBe(flops(graph, 'Gemm') / n)
    expect(flops(pushed, 'Tanh')).toBe(flops(graph, 'Tanh') / n)
    const feeds = randomFeeds(graph)
    expect(difference(await outputsOf(graph, feeds), await outputsOf(pushed, feeds))).toBeLessThan(1e-6)
  })

  it('has its gradient summed over the other index before the backward products', async () => {
    const withGradient = (forward: Graph): Graph => {
      const b = new Builder()
      const map = new Map<Value, Value>()
      for (const v of forward.inputs)
        if (v.source.kind === 'input') map.set(v, b.input(v.source.name, v.type))
      for (const node of forward.nodes) {
        const outputs = b.copy(
          node,
          node.inputs.map((v) => (v ? (map.get(v) ?? v) : null)),
        )
        node.outputs.forEach((old, i) => map.set(old, outputs[i] as Value))
      }
      const y = map.get(forward.outputs[0]?.value as Value) as Value
      const loss = b.sum(b.mul(y, y), [0, 1, 2])
      const targets = forward.inputs.map((v) => map.get(v) as Value)
      const found = gradients(b, [{ value: loss }], targets)
      return b.finish(
        'step',
        found.map((value, i) => ({ name: `g${i}`, value: value as Value })),
      )
    }
    const { graph } = pairsGraph()
    const plain = withGradient(graph)
    const pushed = withGradient(optimizeForward(graph, cpu, context).graph)
    expect(flops(pushed, 'Gemm')).toBe(flops(plain, 'Gemm') / n)
    const feeds = randomFeeds(plain)
    expect(difference(await outputsOf(plain, feeds), await outputsOf(pushed, feeds))).toBeLessThan(2e-6)
  })

  it('may be made by any operator that works element by element', () => {
    const unary = operators.filter((op) => op.domain !== 'dcrc' && op.broadcasts === 0)
    const graphs = unary.flatMap(({ name }) =>
      [opOf(name)].flatMap((graph) => (graph ? { name, graph } : [])),
    )
    expect(graphs.length).toBeGreaterThan(30)
    for (const { name, graph: plain } of graphs) {
      const { changed, graph } = pushRepeats.run(plain, context)
      const moved = graph.nodes.find((node) => node.op === name)
      expect([name, changed, moved?.outputs[0]?.type.shape]).toEqual([name, 1, [n, t, d]])
    }
  })

  it('says why an operator stays behind the repetition', () => {
    const b = new Builder()
    const { a } = inputs(b)
    const mixed = b.op('ReduceSum', [repeated(b, a, 0), b.ints([0])], { keepdims: 0 })
    const { changed, refusals } = pushRepeats.run(b.finish('g', [{ name: 'y', value: mixed }]), context)
    expect(changed).toBe(0)
    expect(refusals.map((r) => r.reason)).toEqual(['ReduceSum couples the rows'])
  })
})

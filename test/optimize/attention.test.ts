import { describe, expect, it } from 'vitest'
import { cpu } from '../../src/targets/cpu/index.js'
import { gradients } from '../../src/compiler/6-differentiate/gradients.js'
import { fuseActivations } from '../../src/compiler/passes/fuse-activations.js'
import { fuseMatmul } from '../../src/compiler/passes/fuse-matmul.js'
import { optimizeForward } from '../../src/compiler/5-optimize/index.js'
import { optimize } from '../../src/compiler/7-optimize/index.js'
import type { Pass } from '../../src/compiler/passes/pass.js'
import { shrinkSums } from '../../src/compiler/passes/shrink-sums.js'
import { splitProducts } from '../../src/compiler/passes/split-products.js'
import { costOf } from '../../src/compiler/8-schedule/cost.js'
import { Builder } from '../../src/graph/builder.js'
import type { Graph, Value } from '../../src/graph/graph.js'
import { assertValid } from '../../src/graph/verify.js'
import { randomFeeds } from '../emit/profile.js'
import { difference, outputsOf } from './compare.js'

const context = {}
const [rows, tokens, width, heads] = [2, 24, 16, 2]

const count = (graph: Graph, op: string): number => graph.nodes.filter((n) => n.op === op).length

/** A transformer block whose MLP is gated: attention, GEGLU-like gate with SiLU, residuals. */
function block(b: Builder, x: Value, weight: (name: string, shape: readonly number[]) => Value): Value {
  const linear = (v: Value, name: string, out: number): Value => {
    const d = v.type.shape.at(-1) ?? 1
    const y = b.op(
      'Gemm',
      [b.reshape(v, [rows * tokens, d]), weight(`${name}.weight`, [out, d]), weight(`${name}.bias`, [out])],
      { transB: 1 },
    )
    return b.reshape(y, [rows, tokens, out])
  }
  const split = (v: Value): Value =>
    b.transpose(b.reshape(v, [rows, tokens, heads, width / heads]), [0, 2, 1, 3])
  const [q, k, v] = ['q', 'k', 'v'].map((name) => split(linear(x, name, width))) as [Value, Value, Value]
  const scores = b.scale(b.matmul(q, b.transpose(k, [0, 1, 3, 2])), (width / heads) ** -0.5)
  const mixed = b.matmul(b.op('Softmax', [scores], { axis: -1 }), v)
  const h = b.add(x, linear(b.reshape(b.transpose(mixed, [0, 2, 1, 3]), [rows, tokens, width]), 'out', width))
  const [value, gate] = b.node('Split', [linear(h, 'up', 6 * width), b.ints([3 * width, 3 * width])], {
    axis: 2,
  }) as [Value, Value]
  const gated = b.mul(value, b.mul(gate, b.op('Sigmoid', [b.scale(gate, 1.5)])))
  return b.add(h, linear(gated, 'down', width))
}

/** Loss and gradients of the block with respect to x and all weights. */
function forwardBackward(prepare: (forward: Graph) => Graph = (g) => g): Graph {
  const forward = new Builder()
  const x = forward.input('x', { dtype: 'f32', shape: [rows, tokens, width] })
  const weights = new Map<string, Value>()
  const y = block(forward, x, (name, shape) => {
    const value = forward.input(name, { dtype: 'f32', shape })
    weights.set(name, value)
    return value
  })
  const prepared = prepare(forward.finish('block', [{ name: 'y', value: y }]))
  const b = new Builder({ next: 100_000 })
  const map = new Map<Value | null, Value>()
  for (const v of prepared.inputs) if (v.source.kind === 'input') map.set(v, b.input(v.source.name, v.type))
  for (const node of prepared.nodes) {
    const outputs = b.copy(
      node,
      node.inputs.map((v) => map.get(v) ?? v),
    )
    node.outputs.forEach((old, i) => map.set(old, outputs[i] as Value))
  }
  const out = map.get(prepared.outputs[0]?.value ?? null) as Value
  const loss = b.sum(b.mul(out, out), [0, 1, 2])
  const targets = prepared.inputs.map((v) => map.get(v) as Value)
  const names = prepared.inputs.map((v) => (v.source.kind === 'input' ? v.source.name : ''))
  const found = gradients(b, [{ value: loss }], targets)
  return b.finish('block', [
    { name: 'loss', value: loss },
    // The bias of k shifts all scores of a query: its gradient is zero but for rounding.
    ...found.flatMap((value, i) =>
      names[i] === 'k.bias' ? [] : [{ name: `grad.${names[i]}`, value: value as Value }],
    ),
  ])
}

/** Random values small enough that no softmax saturates. */
const smallFeeds = (graph: Graph): ReturnType<typeof randomFeeds> => {
  const feeds = randomFeeds(graph)
  for (const { data } of Object.values(feeds))
    if (data instanceof Float32Array) data.forEach((v, i) => (data[i] = v / 4))
  return feeds
}

async function expectEqual(before: Graph, after: Graph, tolerance = 5e-6): Promise<void> {
  assertValid(after)
  const feeds = smallFeeds(before)
  expect(difference(await outputsOf(before, feeds), await outputsOf(after, feeds))).toBeLessThan(tolerance)
}

const only =
  (pass: Pass) =>
  (graph: Graph): Graph =>
    pass.run(graph, context).graph

describe('a transformer block, forward and backward', () => {
  it('computes the same after all passes, with less memory traffic', async () => {
    const plain = forwardBackward()
    const best = optimize(
      forwardBackward((g) => optimizeForward(g, cpu, context).graph),
      cpu,
      context,
    ).graph
    await expectEqual(plain, best)
    expect(costOf(best).bytes).toBeLessThan(0.85 * costOf(plain).bytes)
  })

  it('has one Gemm per part of a split product and no concatenation of cotangents of its size', async () => {
    const plain = forwardBackward()
    const split = forwardBackward(only(splitProducts))
    expect(count(plain, 'Split')).toBe(1)
    expect(count(split, 'Split')).toBe(0)
    const large = (graph: Graph): number =>
      graph.nodes.filter((n) => n.op === 'Concat' && (n.outputs[0]?.type.shape.length ?? 0) === 3).length
    expect(large(split)).toBe(0)
    await expectEqual(plain, split)
  })

  it('uses one operator for x * sigmoid(a x)', async () => {
    const plain = forwardBackward()
    const fused = forwardBackward(only(fuseActivations))
    expect(count(fused, 'QuickGelu')).toBe(1)
    await expectEqual(plain, fused)
  })

  it('sums over channels instead of keys in the backward pass of attention', async () => {
    const before = only(fuseMatmul)(forwardBackward())
    const { graph: after, changed } = shrinkSums.run(before, context)
    expect(changed).toBe(1)
    await expectEqual(before, after)
  })

  it('has no Transpose before a product but those of heads', () => {
    const best = optimize(
      forwardBackward((g) => optimizeForward(g, cpu, context).graph),
      cpu,
      context,
    ).graph
    const perms = best.nodes
      .filter((n) => n.op === 'Transpose')
      .map((n) => JSON.stringify(n.attributes['perm']))
    expect(new Set(perms)).toEqual(new Set(['[0,2,1,3]']))
  })
})

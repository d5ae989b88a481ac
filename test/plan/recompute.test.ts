import { describe, expect, it } from 'vitest'
import { type Planning, analyze, plan } from '../../src/compiler/index.js'
import { buildStage } from '../../src/compiler/build-stage.js'
import { layOut } from '../../src/compiler/8-schedule/layout.js'
import { Lifetimes, liveness } from '../../src/compiler/8-schedule/liveness.js'
import { assignNames } from '../../src/compiler/8-schedule/names.js'
import { indexed } from '../../src/compiler/8-schedule/indexed.js'
import { dependencies, executionOrder } from '../../src/compiler/8-schedule/order.js'
import { fileOrder } from '../../src/compiler/8-schedule/recompute/file-order.js'
import { withCopies } from '../../src/compiler/8-schedule/recompute/copies.js'
import { costOfNode, cutAt } from '../../src/compiler/8-schedule/recompute/cut.js'
import { keptWith } from '../../src/compiler/8-schedule/recompute/kept.js'
import { leaner } from '../../src/compiler/8-schedule/recompute/search.js'
import { emit } from '../../src/compiler/9-emit/onnx.js'
import { Builder } from '../../src/graph/builder.js'
import type { Graph, Output, Value } from '../../src/graph/graph.js'
import { byteSize } from '../../src/graph/types.js'
import { assertValid } from '../../src/graph/verify.js'
import { cpu } from '../../src/targets/cpu/index.js'
import { requestOf } from '../check/analyze.js'
import { mlpStep } from '../emit/graphs.js'
import { executedOrder, randomFeeds } from '../emit/profile.js'
import { difference, outputsOf, parametersAsInputs } from '../optimize/compare.js'

/*
 * Aim: results that are computed again take less memory, as little more work as there is a choice for, and change no bit
 * of what a step gives, on onnxruntime.
 */

/** tanh(x w) again and again, of these widths, with the gradients by all w. */
function chain(widths: readonly number[], rows: number): Graph {
  const b = new Builder()
  const hidden: Value[] = [b.input('x', { dtype: 'f32', shape: [rows, widths[0] ?? 0] })]
  const weights = widths
    .slice(1)
    .map((width, k) => b.input(`w${k}`, { dtype: 'f32', shape: [widths[k] ?? 0, width] }))
  for (const w of weights) hidden.push(b.op('Tanh', [b.matmul(hidden.at(-1) as Value, w)]))
  let cotangent = hidden.at(-1) as Value
  const outputs: Output[] = [{ name: 'loss', value: b.sum(b.mul(cotangent, cotangent), [0, 1]) }]
  for (const [k, w] of [...weights.entries()].reverse()) {
    const [below, above] = [hidden[k] as Value, hidden[k + 1] as Value]
    const inner = b.mul(cotangent, b.sub(b.scalar(1), b.mul(above, above)))
    outputs.push({ name: `g${k}`, value: b.matmul(b.transpose(below, [1, 0]), inner) })
    cotangent = b.matmul(inner, b.transpose(w, [1, 0]))
  }
  return b.finish('chain', outputs)
}

const costOf = ({ nodes }: Graph): number => nodes.reduce((sum, node) => sum + costOfNode(node), 0)
/** A graph whose nodes stand as they shall run, in the file order that comes close to it. */
const filed = (graph: Graph): Graph => ({
  ...graph,
  nodes: fileOrder(dependencies(indexed(graph))).flatMap((k) => graph.nodes[k] ?? []),
})

/** What every choice of results to drop takes: peaks, and operations in all. */
function allChoices(graph: Graph): readonly { readonly peak: number; readonly cost: number }[] {
  const { at } = new Lifetimes(indexed(graph)).along(Array.from(graph.nodes.keys()))
  const cut = cutAt(graph, at ? graph.nodes.indexOf(at) : 0)
  return Array.from({ length: 2 ** cut.candidates.length }, (_, choice) => {
    const dropped = new Set(cut.candidates.filter((_c, k) => (choice >> k) & 1))
    const isKept = (root: number): boolean => root < 0 || ((cut.late[root] ?? 0) > 0 && !dropped.has(root))
    const kept = Uint8Array.from(cut.roots, (root) => (isKept(root) ? 1 : 0))
    return [Infinity, 0].map((window) => withCopies(cut, kept, window).graph)
  })
    .flat()
    .map((made) => ({ peak: liveness(filed(made)).peak, cost: costOf(made) }))
}

describe('what is computed again', () => {
  const chains: readonly (readonly [name: string, graph: Graph])[] = [
    [
      'of equal layers',
      chain(
        Array.from({ length: 7 }, () => 64),
        1024,
      ),
    ],
    ['of layers of all sizes', chain([64, 32, 128, 64, 256, 32, 96], 1024)],
    ['of residual layers', mlpStep({ layers: 3, batch: 1024, width: 64 })],
  ]
  for (const [name, graph] of chains) {
    it(`costs little more than the cheapest of all choices: a chain ${name}`, { timeout: 300_000 }, () => {
      const whole = layOut(graph).liveness.peak
      const choices = allChoices(graph)
      const least = Math.min(...choices.map(({ peak }) => peak))
      expect(least).toBeLessThan(0.95 * whole)
      for (const share of [0.8, 0.6]) {
        const limit = least + share * (whole - least)
        const cheapest = Math.min(...choices.filter((c) => c.peak <= limit).map((c) => c.cost))
        const found = leaner(graph, limit)
        assertValid(found.graph)
        expect(layOut(found.graph).liveness.peak).toBeLessThanOrEqual(limit)
        expect(costOf(found.graph)).toBeLessThan(cheapest + 0.03 * costOf(graph))
      }
      // Where next to nothing is left it may not find it, by less than the largest result.
      const largest = Math.max(...graph.nodes.flatMap((n) => n.outputs.map((v) => byteSize(v.type))))
      expect(leaner(graph, least).peak).toBeLessThan(least + largest)
    })
  }
})

/** Attention, convolutions, dropout and a state in each layer, in a stage that ends with these clauses. */
const layered = (clauses: string) =>
  requestOf(`use std.nn { BatchNorm2d, Conv2d, Dropout, LayerNorm, Linear, MultiHeadAttention }

module Layer(width: int) {
  conv = Conv2d(width, width, 3, padding = 1)
  norm = BatchNorm2d(width)
  norm1 = LayerNorm(width)
  attend = MultiHeadAttention(width, 2)
  norm2 = LayerNorm(width)
  up = Linear(width, 4 * width)
  down = Linear(4 * width, width)
  drop = Dropout(0.1)

  fn forward(x: float[b, w, s, s]) -> float[b, w, s, s] {
    x = x + relu(norm(conv(x)))
    y = transpose(reshape(x, [b, w, s * s]), [0, 2, 1])
    y = y + drop(attend(norm1(y)))
    y = y + drop(down(gelu(up(norm2(y)))))
    reshape(transpose(y, [0, 2, 1]), [b, w, s, s])
  }
}

module Net(width: int, depth: int) {
  layers = [Layer(width) for _ in 0..depth]

  fn forward(x: float[b, w, s, s]) -> float[b, w, s, s] {
    for layer in layers { x = layer(x) }
    x
  }
}

pipeline p {
  model net = Net(8, 4)
  let x = draw normal of [8, 8, 16, 16]
  stage s {
    train net
    minimize mean(square(net(x)))
    clip_norm 1.0
    optimizer adamw(lr = 1e-3)
    steps 10
    monitor size = mean(abs(net(x)))
    ${clauses}
  }
}`)

const stageOf = ({ plan: made, diagnostics }: Planning) => {
  const [stage] = made?.stages ?? []
  if (!stage) throw new Error(diagnostics.map((d) => d.message).join('\n'))
  return { ...stage, again: stage.updates[0]?.again, diagnostics }
}

/** The graphs of the layered stage: its step, and the one with its monitor. */
function graphsOf(clauses: string): readonly Graph[] {
  const { lowered, diagnostics } = analyze(layered(clauses))
  const [stage] = lowered?.stages ?? []
  if (!stage) throw new Error(diagnostics.map((d) => d.message).join('\n'))
  const graphs = buildStage(stage, cpu).updates[0]?.scheduled.graphs
  return [graphs?.step, graphs?.monitored].flatMap((g) => (g ? [parametersAsInputs(g.graph)] : []))
}

describe('a stage with less memory than its results take', () => {
  const whole = stageOf(plan(layered('')))
  const fixed = whole.memory.peak - whole.memory.activations
  const budget = (share: number): string => `memory ${(fixed + share * whole.memory.activations) / 1e6} MB`

  it('gives the same bits', { timeout: 300_000 }, async () => {
    const plain = graphsOf('')
    const lean = graphsOf(budget(0.5))
    expect(lean).toHaveLength(2)
    for (const [k, given] of lean.entries()) {
      const before = plain[k] as Graph
      expect(given.nodes.length).toBeGreaterThan(before.nodes.length)
      const { graph, places } = layOut(given)
      const feeds = randomFeeds(before)
      expect(
        difference(await outputsOf(before, feeds), await outputsOf(graph, feeds, { places: places() })),
      ).toBe(0)
    }
  })

  it('gives the same bits where what follows is made to wait', { timeout: 300_000 }, async () => {
    const [before] = graphsOf('')
    if (!before) throw new Error('no step')
    const { at } = liveness(before)
    const cut = cutAt(before, at ? before.nodes.indexOf(at) : 0)
    const { graph } = withCopies(cut, keptWith(cut, cut.candidates.length, Infinity), 0)
    const barriers = graph.nodes.filter(({ op }) => op === 'Where').length
    expect(barriers).toBeGreaterThan(before.nodes.filter(({ op }) => op === 'Where').length + 4)
    const feeds = randomFeeds(before)
    expect(difference(await outputsOf(before, feeds), await outputsOf(graph, feeds))).toBe(0)
  })

  it('is run in the order that its memory is predicted for', async () => {
    const [step] = graphsOf(budget(0.5))
    const { graph } = layOut(step as Graph)
    const { node } = assignNames(graph)
    const planned = executionOrder(graph).map((n) => node.get(n))
    const executed = await executedOrder(emit(graph), randomFeeds(graph))
    // Masks of dropout are written as several nodes.
    expect(executed.filter((name) => !name.includes('.'))).toEqual(planned)
  })

  it('takes no more than it may, and its plan tells the price', () => {
    expect(whole.again).toBeNull()
    let before = whole.flops
    for (const share of [0.9, 0.7, 0.5]) {
      const stage = stageOf(plan(layered(budget(share))))
      expect(stage.diagnostics).toEqual([])
      expect(stage.memory.peak).toBeLessThanOrEqual(fixed + share * whole.memory.activations)
      expect(stage.again).toEqual({ flops: stage.flops - whole.flops, peakOnce: whole.memory.peak })
      expect(stage.flops).toBeGreaterThanOrEqual(before)
      before = stage.flops
    }
    // the whole forward pass once more would be a third
    expect(before).toBeLessThan(1.34 * whole.flops)
  })

  it('says what would be enough where its budget is not', () => {
    const { diagnostics } = stageOf(plan(layered('memory 1 MB')))
    expect(diagnostics.map((d) => d.code)).toEqual(['stage/memory'])
    const [, enough] = /`(memory [^`]*)`/.exec(diagnostics[0]?.help ?? '') ?? []
    expect(stageOf(plan(layered(enough ?? ''))).diagnostics).toEqual([])
  })
})

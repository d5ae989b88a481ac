import { describe, expect, it } from 'vitest'
import { cpu } from '../../src/targets/cpu/index.js'
import type { LoweredUpdate } from '../../src/compiler/4-lower/lowered.js'
import { optimizeForward } from '../../src/compiler/5-optimize/index.js'
import { differentiate } from '../../src/compiler/6-differentiate/step.js'
import { optimize } from '../../src/compiler/7-optimize/index.js'
import type { PassContext } from '../../src/compiler/passes/pass.js'
import type { Graph } from '../../src/graph/graph.js'
import { interpret } from '../../src/graph/interpret.js'
import { type Tensor, scalar } from '../../src/graph/types.js'
import { assertValid } from '../../src/graph/verify.js'
import { SampleRandom } from '../../src/ops/sample.js'
import { analyzeSources } from '../check/analyze.js'
import { nodesOf } from '../graph/graphs.js'

/*
 * Aim: a step whose samples go through in micro-batches computes what the step on all samples at once computes, in
 * float64: loss, monitors, norm of the gradient and state. With sgd(lr = 1) what a step takes from a tensor is its
 * gradient.
 */

const rows = 12

function program(items: string, minimize: string, clauses = ''): string {
  return `use std.nn { LayerNorm, Linear }
pipeline p {
  model left = Linear(3, 4)
  model right = Linear(3, 4)
  model head = LayerNorm(4)
  model fixed = Linear(3, 3)
  let x = draw normal of [${rows}, 3]
  let y = draw normal of [${rows}, 3]
  fn unit(v) = v / norm(v, axis = -1)[:, None]
  ${items}
  stage s {
    train left, right, head
    minimize ${minimize}
    optimizer sgd(lr = 1.0)
    steps 1
    ${clauses}
  }
}`
}

const cases: Readonly<Record<string, string>> = {
  'a contrastive loss of two towers': program(
    'let a = unit(head(tanh(left(x))))\n  let b = unit(head(right(y)))\n  let near = a @ transpose(b) / 0.2',
    '0.5 * (mean(logsumexp(near, 1)) + mean(logsumexp(near, 0))) - mean(sum(a * b, axis = 1)) / 0.2',
  ),
  'a frozen part before, a trained one behind the coupling': program(
    'let f = tanh(fixed(x))\n  let a = left(f) * right(f + y)\n  let c = head(a - mean(a, axis = 0)[None, :])',
    'mean(square(mean(square(c), axis = 0) - 0.3)) + 0.1 * mean(square(a))',
  ),
  'samples that lie in blocks along an axis': program(
    'let t = reshape(left(reshape(concat([x, y], axis = 1), [24, 3])), [12, 2, 4])\n  let a = head(mean(t, axis = 1)) * right(y)',
    'mean(logsumexp(a @ transpose(a), 1)) + mean(square(a))',
  ),
  'a penalty on a gradient by a feature, and monitors': program(
    'let a = head(left(x))\n  let b = square(a)\n  loss energy = mean(logsumexp(b @ transpose(right(y)), 1))',
    'energy + sum(square(grad(energy, a)))',
    'monitor size = mean(square(a))\n    monitor slope = sum(square(grad(energy, b)))',
  ),
}

function stageOf(source: string): LoweredUpdate {
  const { lowered, diagnostics } = analyzeSources(source)
  const [stage] = lowered?.stages[0]?.updates ?? []
  if (!stage) throw new Error(diagnostics.map((d) => d.message).join('\n'))
  return stage
}

function stepOf(stage: LoweredUpdate, count: number | null): Graph {
  const trained = new Set(stage.trained.map((t) => `${t.model}/${t.path}`))
  const context: PassContext = { ...(count && { microBatches: { rows, count, trained } }) }
  const forward = optimizeForward(stage.graph, cpu, context)
  expect(forward.report.flatMap(({ refusals }) => refusals.map((r) => r.reason))).toEqual([])
  assertValid(forward.graph)
  const { graph } = optimize(differentiate({ ...stage, graph: forward.graph }, cpu).full, cpu, context)
  assertValid(graph)
  return graph
}

function feedsOf(graph: Graph): Record<string, Tensor> {
  const random = new SampleRandom(7)
  return Object.fromEntries(
    graph.inputs.map(({ source, type }) => {
      const name = source.kind === 'input' ? source.name : ''
      return [name, name.startsWith('hyper/') ? scalar(1) : random.tensor(type.shape)]
    }),
  )
}

/** All outputs by name, with weights of the frozen model that follow from their names. */
function run(graph: Graph, feeds: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const values = interpret(graph, ({ source, type }) => {
    if (source.kind === 'parameter') return new SampleRandom(source.path.length).tensor(type.shape)
    const fed = source.kind === 'input' ? feeds[source.name] : undefined
    if (!fed) throw new Error('an input without a value')
    return fed
  })
  return Object.fromEntries(graph.outputs.map(({ name }, k) => [name, values[k] ?? scalar(NaN)]))
}

const farthest = (a: Tensor | undefined, b: Tensor | undefined): number => {
  if (!a || !b || a.data.length !== b.data.length) return Infinity
  return Math.max(...a.data.map((v, i) => Math.abs(v - (b.data[i] ?? NaN)) / (1 + Math.abs(v))))
}

describe('micro-batches accumulated exactly', () => {
  for (const [name, source] of Object.entries(cases)) {
    const stage = stageOf(source)
    const whole = stepOf(stage, null)
    const feeds = feedsOf(whole)
    const expected = run(whole, feeds)

    it.each([2, 3, 12])(`${name}, %i of them: the same loss and state`, (count) => {
      const split = stepOf(stage, count)
      expect(nodesOf(split).filter((node) => node.op === 'Loop').length).toBeGreaterThanOrEqual(2)
      const results = run(split, feeds)
      expect(Object.keys(results)).toEqual(Object.keys(expected))
      for (const [key, value] of Object.entries(results))
        expect(farthest(expected[key], value), key).toBeLessThan(1e-12)
    })
  }
})

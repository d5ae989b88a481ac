import { describe, expect, it } from 'vitest'
import { cpu } from '../../src/targets/cpu/index.js'
import { differentiate } from '../../src/compiler/6-differentiate/step.js'
import { chunkingOf } from '../../src/compiler/passes/chunk-pairs/problems.js'
import { hoistInvariants } from '../../src/compiler/passes/hoist-invariants.js'
import { optimizeForward } from '../../src/compiler/5-optimize/index.js'
import { optimize } from '../../src/compiler/7-optimize/index.js'
import type { PassContext } from '../../src/compiler/passes/pass.js'
import type { LoweredUpdate } from '../../src/compiler/4-lower/lowered.js'
import type { Graph } from '../../src/graph/graph.js'
import { nodesOf } from '../graph/graphs.js'
import { type Tensor, elementCount, scalar, tensor } from '../../src/graph/types.js'
import { assertValid } from '../../src/graph/verify.js'
import { SampleRandom } from '../../src/ops/sample.js'
import { analyzeSources } from '../check/analyze.js'
import { number, run } from '../differentiate/run.js'
import { randomFeeds } from '../emit/profile.js'
import { difference, outputsOf } from './compare.js'

/*
 * Aim: a stage whose pairs are computed in chunks of rows computes what it computes without, in float64, and its
 * gradients are the finite differences of the loss without chunks. With sgd(lr = 1) what a step takes from a tensor is
 * its gradient.
 */

const n = 6

/** A stage on six rows: `a` and `b` come from models, rows from draws. */
function program(items: string, minimize: string, clauses = ''): string {
  const mix = items.includes('mix(')
  return `use std.nn { Linear }
${minimize.includes('dcr_loss') ? 'use std.losses { dcr_loss }' : ''}
pipeline p {
  model left = Linear(3, 4)
  model right = Linear(3, 4)
  model join = Linear(4, 5)
  ${mix ? 'model mix = Linear(8, 3)' : ''}
  let x = draw normal of [${n}, 3]
  let y = draw normal of [${n}, 3]
  let a = left(x)
  let b = right(y)
  ${items}
  stage s {
    train left, right, join${mix ? ', mix' : ''}
    minimize ${minimize}
    optimizer sgd(lr = 1.0)
    steps 1
    ${clauses}
  }
}`
}

/** What the passes before differentiation meet: repeated rows, rows that meet, weights inside, a diagonal. */
const cases: Readonly<Record<string, string>> = {
  'rows that meet in a sum': program(
    'let pairs = join(tanh(a[i] + b[j])) for i, j in 6',
    'mean(logsumexp(mean(square(pairs), axis = 2), 1))',
  ),
  'rows repeated before a concatenation': program(
    'let pairs = tanh(mix(concat([a[i], b[j]], axis = 1))) for i, j in 6',
    'mean(square(mean(pairs, axis = [1, 2]) * sum(join(a), axis = 1)))',
  ),
  'the loss of DCR: a diagonal, a mask and rows from outside': program(
    'let pairs = join(tanh(a[i] * b[j])) for i, j in 6',
    'dcr_loss(pairs, join(tanh(a)), y @ cast(constant([[1, 2, 0, 1, 1], [0, 1, 1, 2, 0], [1, 0, 1, 0, 1]]), f32), 0.3)',
  ),
  'a sum, in an objective that is not linear in it': program(
    'let pairs = join(tanh(a[i] + b[j])) for i, j in 6',
    'exp(0.01 * sum(square(pairs))) + mean(square(b))',
  ),
  'matrices met by matrix products': program(
    'let pairs = join(softmax(expand(a[i][:, :, None], [36, 4, 4]) @ b[j][:, :, None], axis = 1)[:, :, 0]) for i, j in 6',
    'mean(log(sum(exp(sum(pairs, axis = 2)), axis = 1)))',
  ),
}

/** The same of pairs whose indices have numbers of rows of their own; chunks are of the first. */
const rectangular: typeof cases = {
  'rows that meet in a sum, of four others': program(
    `let c = right(draw normal of [4, 3])
    let pairs = join(tanh(a[i] + c[j])) for i in 6, j in 4`,
    'mean(logsumexp(mean(square(pairs), axis = 2), 1)) + mean(square(b))',
  ),
  'more columns than rows, repeated before a concatenation': program(
    `let c = right(draw normal of [8, 3])
    let pairs = tanh(mix(concat([a[i], c[j]], axis = 1))) for i in 6, j in 8`,
    'mean(square(mean(pairs, axis = [1, 2]) * sum(join(a), axis = 1))) + mean(square(b))',
  ),
  'three indices that meet in turn': program(
    `let c = right(draw normal of [4, 3])
    let pairs = join(tanh(tanh(a[i] + c[j]) * b[k][:, :1])) for i in 6, j in 4, k in 6`,
    'mean(logsumexp(mean(square(pairs), axis = 3), 1))',
  ),
  'three indices, the last two first': program(
    `let c = right(draw normal of [4, 3])
    let pairs = join(tanh(a[i] * tanh(0.3 * (c[j] + b[k])))) for i in 6, j in 4, k in 6`,
    'mean(log(1.0 + mean(square(pairs), axis = [1, 2, 3])))',
  ),
  'three indices, the first and the last first': program(
    `let c = right(draw normal of [4, 3])
    let pairs = join(tanh(c[j] * tanh(a[i] + b[k]))) for i in 6, j in 4, k in 6`,
    'mean(log(1.0 + mean(square(pairs), axis = [1, 2, 3])))',
  ),
}

const nodesIn = (graph: Graph): number => nodesOf(graph).length
const opsOf = (graph: Graph): readonly string[] => nodesOf(graph).map((node) => node.op)

function stageOf(source: string): LoweredUpdate {
  const { lowered, diagnostics } = analyzeSources(source)
  const [stage] = lowered?.stages[0]?.updates ?? []
  if (!stage) throw new Error(diagnostics.map((d) => d.message).join('\n'))
  return stage
}

function stepOf(stage: LoweredUpdate, chunk: number | null): Graph {
  const context: PassContext = chunk === null ? {} : { chunking: chunkingOf(stage, chunk) }
  const forward = optimizeForward(stage.graph, cpu, context).graph
  assertValid(forward)
  const { graph } = optimize(differentiate({ ...stage, graph: forward }, cpu).full, cpu, context)
  assertValid(graph)
  return graph
}

/** Random values for the inputs of a step, by name. */
function feedsOf(graph: Graph): Record<string, Tensor> {
  const random = new SampleRandom(7)
  return Object.fromEntries(
    graph.inputs.map(({ source, type }) => {
      const name = source.kind === 'input' ? source.name : ''
      return [name, name.startsWith('hyper/') ? scalar(1) : random.tensor(type.shape)]
    }),
  )
}

const farthest = (a: Tensor | undefined, b: Tensor | undefined): number => {
  if (!a || !b || a.data.length !== b.data.length) return Infinity
  return Math.max(...a.data.map((v, i) => Math.abs(v - (b.data[i] ?? NaN)) / (1 + Math.abs(v))))
}

describe('pairs in chunks of rows', () => {
  for (const [name, source] of Object.entries({ ...cases, ...rectangular })) {
    const stage = stageOf(source)
    const whole = stepOf(stage, null)
    const feeds = feedsOf(whole)
    const expected = run(whole, feeds)

    it.each([1, 2, 3])(`${name}, by %i: the same loss and state`, (chunk) => {
      const chunked = stepOf(stage, chunk)
      expect(opsOf(chunked)).toContain('Loop')
      expect(opsOf(whole)).not.toContain('Loop')
      const results = run(chunked, feeds)
      expect(Object.keys(results)).toEqual(Object.keys(expected))
      for (const [key, value] of Object.entries(results))
        expect(farthest(expected[key], value), key).toBeLessThan(1e-12)
    })

    it(`${name}: gradients are differences of the loss`, () => {
      const results = run(stepOf(stage, 2), feeds)
      const random = new SampleRandom(11)
      for (const [key, start] of Object.entries(feeds)) {
        const end = results[key.replace('state/', '')]
        if (!key.startsWith('state/param/') || !end) continue
        const direction = random.tensor(start.shape)
        const along = start.data.reduce(
          (sum, v, i) => sum + (v - (end.data[i] ?? NaN)) * (direction.data[i] ?? NaN),
          0,
        )
        const loss = (h: number): number => {
          const moved = start.data.map((v, i) => v + h * (direction.data[i] ?? NaN))
          return number(run(whole, { ...feeds, [key]: tensor('f32', start.shape, moved) })['loss'])
        }
        // Leaves out the fifth derivative times h^4, and rounds by 2^-52 / h: both far below the bound.
        const h = 2 ** -12
        const difference = (8 * (loss(h) - loss(-h)) - (loss(2 * h) - loss(-2 * h))) / (12 * h)
        expect(Math.abs(along - difference) / (1 + Math.abs(difference)), key).toBeLessThan(1e-8)
      }
    })
  }

  it('what each round computes alike moves out, and onnxruntime gives the same without its optimiser', async () => {
    let moved = 0
    for (const source of Object.values(cases)) {
      const stage = stageOf(source)
      const context: PassContext = { chunking: chunkingOf(stage, 2) }
      const forward = optimizeForward(stage.graph, cpu, context).graph
      const before = differentiate({ ...stage, graph: forward }, cpu).full
      const { graph: after, changed } = hoistInvariants.run(before, context)
      assertValid(after)
      moved += changed
      const inBody = (graph: Graph): number => nodesIn(graph) - graph.nodes.length
      expect(inBody(after)).toBe(inBody(before) - changed)
      const feeds = randomFeeds(before)
      expect(difference(await outputsOf(before, feeds), await outputsOf(after, feeds))).toBeLessThan(2e-5)
    }
    expect(moved).toBeGreaterThan(10)
  })

  it('one chunk stands in memory at a time: no value in the graph has all pairs', () => {
    const stage = stageOf(cases['rows that meet in a sum'] ?? '')
    const sizes = (graph: Graph): number =>
      Math.max(...nodesOf(graph).flatMap((node) => node.outputs.map((v) => elementCount(v.type.shape))))
    expect(sizes(stepOf(stage, null))).toBe(n * n * 5)
    expect(sizes(stepOf(stage, 1))).toBeLessThan(n * n * 4)
  })
})

describe('why pairs stay whole', () => {
  const pairs = 'let pairs = join(tanh(a[i] + b[j])) for i, j in 6'
  const loss = 'mean(logsumexp(mean(square(pairs), axis = 2), 1))'
  const reasons: readonly (readonly [what: string, source: string, reason: string])[] = [
    [
      'a monitor reads them',
      program(pairs, loss, 'chunk 2; monitor spread = mean(pairs)'),
      'the pairs are summed 2 times: for `loss`, `spread`',
    ],
    [
      'columns are compared',
      program(pairs, 'mean(logsumexp(mean(square(pairs), axis = 2), 0))', 'chunk 2'),
      'ReduceMax mixes the rows',
    ],
    [
      'rows are divided by the sum over all rows',
      program(pairs, 'mean(square(pairs) / sum(square(pairs)))', 'chunk 2'),
      'its rows depend on a sum over all rows',
    ],
    [
      'a gradient is taken through them',
      program(
        `${pairs}; let objective = ${loss}`,
        'objective',
        'chunk 2; monitor g = sum(grad(objective, b))',
      ),
      '`grad` of a value that is computed from the pairs',
    ],
    ['there are none', program('', 'mean(square(join(a + b)))', 'chunk 2'), 'the stage computes no pairs'],
    ['one chunk has all rows', program(pairs, loss, 'chunk 6'), 'the pairs have 6 rows'],
  ]
  it.each(reasons)('%s', (_, source, reason) => {
    const { diagnostics } = analyzeSources(source)
    expect(diagnostics.map((d) => `${d.code}: ${d.message}`)).toEqual([
      `stage/chunk-without-effect: \`chunk\` has no effect: ${reason}`,
    ])
  })
  it('a monitor of the loss alone does not', () => {
    const source = program(
      `${pairs}; let objective = ${loss}`,
      'objective',
      'chunk 2; monitor same = objective',
    )
    expect(analyzeSources(source).diagnostics).toEqual([])
  })
  it('the rows of chunks divide those of the pairs', () => {
    const { diagnostics } = analyzeSources(program(pairs, loss, 'chunk 4'))
    expect(diagnostics.map((d) => [d.code, d.help])).toEqual([['stage/chunk', 'choose 1, 2 or 3']])
  })
})

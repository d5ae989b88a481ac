import { describe, expect, it } from 'vitest'
import { cpu } from '../../src/targets/cpu/index.js'
import { optimizeForward } from '../../src/compiler/5-optimize/index.js'
import { differentiate } from '../../src/compiler/6-differentiate/step.js'
import { optimize } from '../../src/compiler/7-optimize/index.js'
import type { Graph } from '../../src/graph/graph.js'
import { type Tensor, elementCount, scalar } from '../../src/graph/types.js'
import { SampleRandom } from '../../src/ops/sample.js'
import { nodesOf } from '../graph/graphs.js'
import { analyzeSources } from '../check/analyze.js'
import { run } from './run.js'

/*
 * Aim: pairs of any number of indices with any numbers of rows have the values and the gradients of the same thing
 * written with explicit repetitions, as written and through all passes. With sgd(lr = 1) what a step takes from a tensor
 * is its gradient.
 */

interface Case {
  readonly pairs: string
  readonly written: string
}

/** `x` repeated to rows [...] of which it has axis `axis`, as rows of all. */
const repeated = (x: string, sizes: readonly number[], axis: number, width: number): string => {
  const all = sizes.reduce((product, n) => product * n, 1)
  const thin = sizes.map((n, k) => (k === axis ? n : 1)).join(', ')
  return `reshape(expand(reshape(${x}, [${thin}, ${width}]), [${sizes.join(', ')}, ${width}]), [${all}, ${width}])`
}
const folded = (x: string, sizes: readonly number[], rest: readonly number[]): string =>
  `reshape(${x}, [${[...sizes, ...rest].join(', ')}])`

const cases: Readonly<Record<string, Case>> = {
  'two sizes': {
    pairs: 'join(tanh(a[i] * b[j] + a[i])) for i in 5, j in 3',
    written: folded(
      `join(tanh(${repeated('a', [5, 3], 0, 4)} * ${repeated('b', [5, 3], 1, 4)} + ${repeated('a', [5, 3], 0, 4)}))`,
      [5, 3],
      [2],
    ),
  },
  'more columns than rows, with a softmax along the row': {
    pairs: 'softmax(join(b[j] - tanh(a[i])), axis = 1)[:, 0] for j in 3, i in 5',
    written: folded(
      `softmax(join(${repeated('b', [3, 5], 0, 4)} - tanh(${repeated('a', [3, 5], 1, 4)})), axis = 1)[:, 0]`,
      [3, 5],
      [],
    ),
  },
  'one index, beside a mean of all rows': {
    pairs: 'join(a[i] - mean(a, axis = 0)) for i in 5',
    written: 'join(a - mean(a, axis = 0))',
  },
  'one row on one side': {
    pairs: 'a[i] * b[:1][j] for i in 5, j in 1',
    written: folded(`a * ${repeated('b[:1]', [5, 1], 1, 4)}`, [5, 1], [4]),
  },
  'three indices': {
    pairs: 'join(tanh(a[i] * b[j]) - c[k]) for i in 5, j in 3, k in 2',
    written: folded(
      `join(tanh(${repeated('a', [5, 3, 2], 0, 4)} * ${repeated('b', [5, 3, 2], 1, 4)}) - ${repeated('c', [5, 3, 2], 2, 4)})`,
      [5, 3, 2],
      [2],
    ),
  },
  'three indices, of which the middle one comes last': {
    pairs: 'join(tanh(a[i] + c[k]) * tanh(b[j])) for i in 5, j in 3, k in 2',
    written: folded(
      `join(tanh(${repeated('a', [5, 3, 2], 0, 4)} + ${repeated('c', [5, 3, 2], 2, 4)}) * tanh(${repeated('b', [5, 3, 2], 1, 4)}))`,
      [5, 3, 2],
      [2],
    ),
  },
  'four indices, two of them of one size': {
    pairs: 'join(a[i] * (c[k] - tanh(c[l])) + b[j]) for i in 5, j in 3, k, l in 2',
    written: folded(
      `join(${repeated('a', [5, 3, 2, 2], 0, 4)} * (${repeated('c', [5, 3, 2, 2], 2, 4)} - tanh(${repeated('c', [5, 3, 2, 2], 3, 4)})) + ${repeated('b', [5, 3, 2, 2], 1, 4)})`,
      [5, 3, 2, 2],
      [2],
    ),
  },
  'a concatenation, which nothing broadcasts': {
    pairs: 'mix(concat([tanh(a[i]), tanh(b[j]), tanh(c[k])], axis = 1)) for i in 5, j in 3, k in 2',
    written: folded(
      `mix(concat([${['a', 'b', 'c'].map((x, k) => `tanh(${repeated(x, [5, 3, 2], k, 4)})`).join(', ')}], axis = 1))`,
      [5, 3, 2],
      [2],
    ),
  },
}

function stepOf(value: string, passes: boolean): Graph {
  const source = `use std.nn { Linear }
pipeline p {
  model left = Linear(3, 4)
  model right = Linear(3, 4)
  model join = Linear(4, 2)
  model mix = Linear(12, 2)
  let a = left(draw normal of [5, 3])
  let b = right(draw normal of [3, 3])
  let c = right(draw normal of [2, 3])
  let result = ${value}
  let weights = cos(result + cumsum(result, -1))
  stage s {
    train left, right, join, mix
    minimize mean(weights * result * result) + 0.1 * (mean(square(join(a))) + mean(square(c)) + mean(square(b)) + mean(square(mix(concat([b, b, b], axis = 1)))))
    optimizer sgd(lr = 1.0)
    steps 1
  }
}`
  const { lowered, diagnostics } = analyzeSources(source)
  const [stage] = lowered?.stages[0]?.updates ?? []
  if (!stage) throw new Error(diagnostics.map((d) => d.message).join('\n'))
  if (!passes) return differentiate(stage, cpu).full
  const { graph } = optimizeForward(stage.graph, cpu, {})
  return optimize(differentiate({ ...stage, graph }, cpu).full, cpu, {}).graph
}

function resultsOf(graph: Graph): Record<string, Tensor> {
  const random = new SampleRandom(7)
  const feeds = graph.inputs.map(({ source, type }) => {
    const name = source.kind === 'input' ? source.name : ''
    return [name, name.startsWith('hyper/') ? scalar(1) : random.tensor(type.shape)] as const
  })
  return run(graph, Object.fromEntries(feeds))
}

const farthest = (a: Tensor | undefined, b: Tensor | undefined): number => {
  if (!a || !b || a.data.length !== b.data.length) return Infinity
  return Math.max(...a.data.map((v, i) => Math.abs(v - (b.data[i] ?? NaN)) / (1 + Math.abs(v))))
}

describe('pairs are what is written with repetitions', () => {
  it.each(Object.entries(cases))('%s', (_, { pairs, written }) => {
    const expected = resultsOf(stepOf(written, false))
    expect(Object.keys(expected).length).toBeGreaterThan(8)
    for (const passes of [false, true]) {
      const results = resultsOf(stepOf(pairs, passes))
      expect(Object.keys(results)).toEqual(Object.keys(expected))
      for (const [key, value] of Object.entries(results))
        expect(farthest(expected[key], value), `${key}, ${passes ? 'with' : 'without'} passes`).toBeLessThan(
          1e-12,
        )
    }
  })
})

describe('what depends on some of the indices is computed for their rows alone', () => {
  const sizesOf = (pairs: string, op: string): readonly number[] =>
    nodesOf(stepOf(pairs, true))
      .filter((node) => node.op === op)
      .flatMap((node) => node.outputs.map((v) => elementCount(v.type.shape)))
      .sort((x, y) => x - y)

  it('of the first, the middle and the last', () =>
    expect(sizesOf('join(tanh(a[i]) + tanh(b[j]) + tanh(c[k])) for i in 5, j in 3, k in 2', 'Tanh')).toEqual([
      2 * 4,
      3 * 4,
      5 * 4,
    ]))
  it('of two neighbours', () => {
    expect(sizesOf('join(tanh(a[i] * b[j]) - c[k]) for i in 5, j in 3, k in 2', 'Tanh')).toEqual([5 * 3 * 4])
    expect(sizesOf('join(a[i] * tanh(b[j] - c[k])) for i in 5, j in 3, k in 2', 'Tanh')).toEqual([3 * 2 * 4])
  })
})

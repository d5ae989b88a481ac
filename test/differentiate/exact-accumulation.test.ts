import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { LoweredUpdate } from '../../src/compiler/4-lower/lowered.js'
import { cpu } from '../../src/targets/cpu/index.js'
import { optimizeForward } from '../../src/compiler/5-optimize/index.js'
import { microBatchesOf } from '../../src/compiler/passes/accumulate-exact/problems.js'
import { tensor } from '../../src/graph/types.js'
import { analyzeSources } from '../check/analyze.js'
import { StageRun, graphsOf, interpreter, onnxruntime } from './stage-run.js'

/*
 * Aim: `accumulate n exact` trains as PyTorch does on the whole batch at once (test/oracle/exact_accumulation.py), and
 * what cannot be accumulated so is told.
 */

interface Fixture {
  readonly rows: number
  readonly start: Readonly<Record<string, readonly number[]>>
  readonly steps: readonly {
    readonly x: readonly number[]
    readonly y: readonly number[]
    readonly loss: number
    readonly norm: number
  }[]
  readonly end: Readonly<Record<string, readonly number[]>>
}

const fixture = JSON.parse(
  readFileSync(new URL('../oracle/fixtures/exact_accumulation.json', import.meta.url), 'utf8'),
) as Fixture

const program = (batch: number, clauses: string, minimize = 'apart'): string => `
use std.losses { cross_entropy, mse }
use std.nn { Linear }
pipeline towers {
  param batch: int = ${batch}
  data one = mnist(split = "test", size = 1) rows batch { image: f32[3, 1, 1] = image }
  data two = mnist(split = "test", size = 1) rows batch { image: f32[3, 1, 1] = image }
  data more = mnist(split = "train", size = 1) rows 5 { image: f32[3, 1, 1] = image }
  model left = Linear(3, 4)
  model right = Linear(3, 4)
  fn unit(v) = v / norm(v, axis = -1)[:, None]
  let a = unit(tanh(left(flatten(one.image, 1))))
  let b = unit(right(flatten(two.image, 1)))
  let near = a @ transpose(b) / 0.2
  let same = constant([k for k in 0..batch])
  loss apart = 0.5 * (cross_entropy(near, same) + cross_entropy(transpose(near), same))
  loss mean_only = mse(a, b)
  loss mixed = apart + mean(square(left(flatten(more.image, 1))))
  stage fit {
    train left, right
    minimize ${minimize}
    optimizer adamw(lr = 0.05, weight_decay = 0.1)
    steps 10
    clip_norm 0.5
    ${clauses}
  }
}`

function stageOf(source: string): LoweredUpdate {
  const { lowered, diagnostics } = analyzeSources(source)
  const [stage] = lowered?.stages[0]?.updates ?? []
  if (!stage) throw new Error(diagnostics.map((d) => d.message).join('\n'))
  return stage
}

const farthest = (found: ArrayLike<number> | undefined, expected: readonly number[]): number =>
  Math.max(...expected.map((e, i) => Math.abs(e - (found?.[i] ?? NaN)) / (1 + Math.abs(e))))

describe.each([
  ['in float64', interpreter, 1e-12],
  ['on onnxruntime in float32', onnxruntime(), 1e-5],
] as const)('ten steps of torch on the whole batch %s', (_, execute, tolerance) => {
  it.each([1, 2, 3, 4])('in %i micro-batches', async (count) => {
    const { rows, start, steps, end } = fixture
    const stage = stageOf(program(rows / count, count > 1 ? `accumulate ${count} exact` : ''))
    const micro = microBatchesOf(stage)
    expect(micro?.rows).toBe(count > 1 ? rows : undefined)
    const forward = optimizeForward(stage.graph, cpu, micro ? { microBatches: micro } : {})
    const weights = Object.entries(start).map(([key, values]) => {
      const shape = key.endsWith('bias') ? [4] : [4, 3]
      return [`param/${key}`, tensor('f32', shape, values)] as const
    })
    const run = new StageRun(
      stage,
      graphsOf({ ...stage, graph: forward.graph }),
      Object.fromEntries(weights),
      execute,
    )
    for (const { x, y, loss, norm } of steps) {
      const batch = {
        'batch/one/image': tensor('f32', [rows, 3, 1, 1], x),
        'batch/two/image': tensor('f32', [rows, 3, 1, 1], y),
      }
      const { losses, outputs } = await run.step([batch])
      expect(farthest(losses, [loss])).toBeLessThan(tolerance)
      expect(farthest(outputs['grad_norm']?.data, [norm])).toBeLessThan(tolerance)
    }
    for (const [key, values] of Object.entries(end))
      expect(farthest(run.state.get(`param/${key}`)?.data, values), key).toBeLessThan(tolerance)
  })
})

describe('what is told of `accumulate n exact`', () => {
  const cases: readonly (readonly [what: string, source: string, message: string])[] = [
    [
      'a loss that couples nothing',
      program(4, 'accumulate 2 exact', 'mean_only'),
      'stage/exact-without-effect: `exact` has no effect: no sample of the batch has a part in the loss of another',
    ],
    [
      'data of two numbers of rows',
      program(4, 'accumulate 2 exact', 'mixed'),
      'stage/exact: micro-batches cannot be accumulated exactly: it reads data sets of 4 and of 5 rows',
    ],
    [
      'a gradient that is minimized by',
      program(4, 'accumulate 2 exact', 'grad(apart, trained)'),
      'stage/exact: micro-batches cannot be accumulated exactly: it minimizes by a gradient, which is that of all samples at once',
    ],
    [
      'a monitor of the gradient by parameters',
      program(4, 'accumulate 2 exact\n    monitor g = norm(grad(apart, trained))'),
      'stage/exact: micro-batches cannot be accumulated exactly: a gradient by parameters needs all samples at once',
    ],
  ]
  it.each(cases)('%s', (_, source, message) => {
    const told = analyzeSources(source).diagnostics.filter((d) => d.code.startsWith('stage/'))
    expect(told.map((d) => `${d.code}: ${d.message}`)).toEqual([message])
  })

  it('the warning on coupled micro-batches offers it', () => {
    const [warning] = analyzeSources(program(4, 'accumulate 2')).diagnostics.filter(
      (d) => d.code === 'stage/coupled-accumulation',
    )
    expect(warning?.help).toContain('write `accumulate 2 exact`')
  })
})

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { lossOutput } from '../../src/compiler/4-lower/gradient-objective.js'
import { assertValid } from '../../src/graph/verify.js'
import { number } from './run.js'
import { StageRun, type Tensors, interpreter, onnxruntime, graphsOf } from './stage-run.js'
import { f32, regression, regressionParameters, stageOf } from './stages.js'

interface Fixture {
  readonly rows: number
  readonly cases: readonly {
    readonly name: string
    readonly optimizer: string
    readonly settings: Readonly<Record<string, number | readonly number[]>>
    readonly clip: number | null
    readonly accumulate: number
    readonly cosine: boolean
    readonly start: Weights
    readonly steps: readonly (Weights & {
      readonly batches: readonly {
        readonly x: readonly number[]
        readonly y: readonly number[]
        readonly loss: number
      }[]
      readonly norm: number
      readonly lr: number
    })[]
  }[]
}

interface Weights {
  readonly w: readonly number[]
  readonly b: readonly number[]
}

/** Written by test/oracle/optimizers.py. */
const { rows, cases } = JSON.parse(
  readFileSync(new URL('../oracle/fixtures/optimizers.json', import.meta.url), 'utf8'),
) as Fixture

/** The largest difference relative to the largest expected value. */
const difference = (found: ArrayLike<number> | undefined, expected: readonly number[]): number =>
  Math.max(...expected.map((e, i) => Math.abs(e - (found?.[i] ?? NaN)))) / Math.max(...expected.map(Math.abs))

describe.each([
  ['in float64', interpreter, 1e-12],
  ['on onnxruntime in float32', onnxruntime(), 1e-5],
] as const)('20 steps of torch %s', (_, execute, tolerance) => {
  it.each(cases)('$name', async (c) => {
    const { b, loss } = regression(rows)
    const stage = stageOf(b.finish('train', [lossOutput(loss)]), {
      trained: regressionParameters,
      groups: [
        {
          optimizer: c.optimizer,
          settings: c.settings,
          schedule: c.cosine ? 'cosine' : 'constant',
          scheduleSettings: {},
        },
      ],
      accumulate: c.accumulate,
      clipNorm: c.clip,
    })
    const graphs = graphsOf(stage)
    for (const graph of [graphs.step, graphs.micro]) if (graph) assertValid(graph)
    const start = { 'param/net/w': f32([4, 3], c.start.w), 'param/net/b': f32([3], c.start.b) }
    const run = new StageRun(stage, graphs, start, execute)

    expect(c.steps).toHaveLength(20)
    for (const expected of c.steps) {
      const batches = expected.batches.map(({ x, y }): Tensors => ({
        'batch/d/x': f32([rows, 4], x),
        'batch/d/y': f32([rows, 3], y),
      }))
      const { losses, outputs } = await run.step(batches)
      expect(run.rate()).toBeCloseTo(expected.lr, 12)
      expect(
        difference(
          losses,
          expected.batches.map((batch) => batch.loss),
        ),
      ).toBeLessThan(tolerance)
      expect(difference([number(outputs['grad_norm'])], [expected.norm])).toBeLessThan(tolerance)
      expect(difference(run.state.get('param/net/w')?.data, expected.w)).toBeLessThan(tolerance)
      expect(difference(run.state.get('param/net/b')?.data, expected.b)).toBeLessThan(tolerance)
    }
  })
})

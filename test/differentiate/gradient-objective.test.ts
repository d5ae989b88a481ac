import { describe, expect, it } from 'vitest'
import { cpu } from '../../src/targets/cpu/index.js'
import { updateProblems } from '../../src/compiler/6-differentiate/problems.js'
import type { LoweredUpdate } from '../../src/compiler/4-lower/lowered.js'
import { optimizeForward } from '../../src/compiler/5-optimize/index.js'
import type { Tensor } from '../../src/graph/types.js'
import { assertValid } from '../../src/graph/verify.js'
import { SampleRandom } from '../../src/ops/sample.js'
import { analyzeSources } from '../check/analyze.js'
import { number } from './run.js'
import { StageRun, type Tensors, graphsOf } from './stage-run.js'
import { f32 } from './stages.js'

/** Two losses of a trunk with a head each; the second does not reach the head of the first. */
const source = (minimize: string, rows: number, rest: string): string => `
use std.nn { Linear }
use std.surgery { pcgrad, mgda, cagrad, agreement }
pipeline two {
  model trunk = Linear(4, 3)
  model left = Linear(3, 2)
  model right = Linear(3, 2)
  let x = draw normal of [${rows}, 4]
  let y = draw normal of [${rows}, 2]
  let h = tanh(trunk(x))
  loss a = mean(square(left(h) - y))
  loss b = mean(square(right(h) + y))
  let ga = grad(a, trained)
  let gb = grad(b, trained)
  stage fit {
    train trunk, left, right
    minimize ${minimize}
    optimizer sgd(lr = 1.0)
    steps 10
    monitor conflict = agreement(ga, gb)
    ${rest}
  }
}`

function stageOf(minimize: string, rows = 6, rest = ''): LoweredUpdate {
  const { lowered, diagnostics } = analyzeSources(source(minimize, rows, rest))
  expect(diagnostics.filter((d) => d.severity === 'error').map((d) => `${d.code}: ${d.message}`)).toEqual([])
  const [stage] = lowered?.stages[0]?.updates ?? []
  if (!stage) throw new Error('no stage')
  expect(updateProblems(stage, cpu)).toEqual([])
  return { ...stage, graph: optimizeForward(stage.graph, cpu).graph }
}

const random = new SampleRandom(4)
const shapes = { trunk: [3, 4], left: [2, 3], right: [2, 3] }
const start: Tensors = Object.fromEntries(
  Object.entries(shapes).flatMap(([model, [out = 0, width = 0]]) => [
    [`param/${model}/weight`, random.tensor([out, width])],
    [`param/${model}/bias`, random.tensor([out])],
  ]),
)
const x = random.tensor([6, 4])
const y = random.tensor([6, 2])
const rowsOf = (t: Tensor, from: number, to: number): Tensor => {
  const [, width = 1] = t.shape
  return f32([to - from, width], Array.from(t.data).slice(from * width, to * width))
}
const batch = (from: number, to: number): Tensors => ({
  'draw/x': rowsOf(x, from, to),
  'draw/y': rowsOf(y, from, to),
})

/** What one step at rate 1 takes from the parameters, by state key, and the outputs of the step. */
async function direction(stage: LoweredUpdate, batches: readonly Tensors[]) {
  const graphs = graphsOf(stage)
  for (const g of [graphs.step, graphs.monitored, graphs.micro]) if (g) assertValid(g)
  const run = new StageRun(stage, graphs, start)
  const { outputs, losses } = await run.step(batches, 'monitored')
  const taken = Object.entries(start).map(([key, before]) => [
    key,
    Array.from(before.data, (v, i) => v - (run.state.get(key)?.data[i] ?? NaN)),
  ])
  return { taken: Object.fromEntries(taken) as Record<string, number[]>, outputs, losses }
}

function close(found: Record<string, number[]>, wanted: Record<string, number[]>, digits = 10): void {
  expect(Object.keys(found)).toEqual(Object.keys(wanted))
  for (const [key, values] of Object.entries(wanted))
    values.forEach((v, i) => expect(found[key]?.[i], `${key}[${i}]`).toBeCloseTo(v, digits))
}

const all = (taken: Record<string, number[]>): number[] => Object.values(taken).flat()
const dot = (p: readonly number[], q: readonly number[]): number =>
  p.reduce((sum, v, i) => sum + v * (q[i] ?? NaN), 0)

describe('minimize of a gradient', () => {
  it('is minimize of the loss for the gradient of a loss, and for sums and multiples of gradients', async () => {
    const plain = await direction(stageOf('a + 0.25 * b'), [batch(0, 6)])
    close((await direction(stageOf('grad(a + 0.25 * b, trained)'), [batch(0, 6)])).taken, plain.taken)
    close((await direction(stageOf('ga + gb / 4'), [batch(0, 6)])).taken, plain.taken)
    close((await direction(stageOf('ga - -0.25 * gb'), [batch(0, 6)])).taken, plain.taken)
    close(
      (await direction(stageOf('grad(a + 0.25 * b, [trunk, left, right])'), [batch(0, 6)])).taken,
      plain.taken,
    )
  })

  it('may take each part from another loss', async () => {
    const one = await direction(stageOf('ga + gb'), [batch(0, 6)])
    const split = await direction(stageOf('grad(a, [trunk, left]) + grad(b, right)'), [batch(0, 6)])
    const a = await direction(stageOf('ga + 0.0 * gb'), [batch(0, 6)])
    close(split.taken, { ...a.taken, ...pick(one.taken, 'right') })
  })

  it('by pcgrad takes the part of each gradient that conflicts away', async () => {
    const [a, b] = [
      await direction(stageOf('ga + 0.0 * gb'), [batch(0, 6)]),
      await direction(stageOf('0.0 * ga + gb'), [batch(0, 6)]),
    ]
    const [ga, gb] = [all(a.taken), all(b.taken)]
    const along = dot(ga, gb)
    expect(along).toBeLessThan(0)
    const wanted = ga.map((v, i) => {
      const w = gb[i] ?? NaN
      return v - (along / dot(gb, gb)) * w + w - (along / dot(ga, ga)) * v
    })
    const { taken, outputs, losses } = await direction(stageOf('pcgrad([ga, gb])'), [batch(0, 6)])
    all(taken).forEach((v, i) => expect(v).toBeCloseTo(wanted[i] ?? NaN, 10))
    expect(number(outputs['grad_norm'])).toBeCloseTo(Math.hypot(...wanted), 10)
    expect(number(outputs['monitor/conflict'])).toBeCloseTo(along / Math.sqrt(dot(ga, ga) * dot(gb, gb)), 10)
    // the loss that is told is that of both
    expect(losses[0]).toBeCloseTo(a.losses[0] ?? NaN, 12)
  })

  for (const surgery of ['pcgrad([ga, gb])', 'mgda([ga, gb])', 'cagrad([ga, gb], c = 0.4)']) {
    it(`${surgery} with accumulate 2 is surgery on the doubled batch, clipped or not`, async () => {
      for (const clip of ['', 'clip_norm 0.5']) {
        const whole = await direction(stageOf(surgery, 6, clip), [batch(0, 6)])
        const split = await direction(stageOf(surgery, 3, `accumulate 2\n${clip}`), [
          batch(0, 3),
          batch(3, 6),
        ])
        close(split.taken, whole.taken)
        expect(number(split.outputs['grad_norm'])).toBeCloseTo(number(whole.outputs['grad_norm']), 10)
        expect(((split.losses[0] ?? NaN) + (split.losses[1] ?? NaN)) / 2).toBeCloseTo(
          whole.losses[0] ?? NaN,
          10,
        )
      }
    })
  }

  it('needs no accumulator for a part that a loss does not reach', () => {
    const { micro } = graphsOf(stageOf('pcgrad([ga, gb])', 3, 'accumulate 2'))
    expect(micro?.outputs.map(({ name }) => name)).toEqual([
      'loss',
      ...['trunk/weight', 'trunk/bias', 'left/weight', 'left/bias'].map((p) => `grad/0/${p}`),
      ...['trunk/weight', 'trunk/bias', 'right/weight', 'right/bias'].map((p) => `grad/1/${p}`),
    ])
  })
})

const pick = (taken: Record<string, number[]>, model: string): Record<string, number[]> =>
  Object.fromEntries(Object.entries(taken).filter(([key]) => key.startsWith(`param/${model}/`)))

import { describe, expect, it } from 'vitest'
import { cpu } from '../../src/targets/cpu/index.js'
import { updateProblems } from '../../src/compiler/6-differentiate/problems.js'
import { slotsOf } from '../../src/compiler/6-differentiate/update.js'
import { lossOutput } from '../../src/compiler/4-lower/gradient-objective.js'
import type { LoweredUpdate } from '../../src/compiler/4-lower/lowered.js'
import { UserError } from '../../src/diagnostics/diagnostic.js'
import { Builder } from '../../src/graph/builder.js'
import type { Output, Value } from '../../src/graph/graph.js'
import { roleOf } from '../../src/graph/roles.js'
import type { Tensor } from '../../src/graph/types.js'
import { assertValid } from '../../src/graph/verify.js'
import { SampleRandom } from '../../src/ops/sample.js'
import { number, run } from './run.js'
import { StageRun, type Tensors, graphsOf } from './stage-run.js'
import { regression, regressionParameters, span, stageOf } from './stages.js'

const random = new SampleRandom(5)
const start: Tensors = { 'param/net/w': random.tensor([4, 3]), 'param/net/b': random.tensor([3]) }
const batch = (): Tensors => ({ 'batch/d/x': random.tensor([5, 4]), 'batch/d/y': random.tensor([5, 3]) })

const stage = (rest: Partial<LoweredUpdate> = {}): LoweredUpdate => {
  const { b, loss } = regression(5)
  return stageOf(b.finish('train', [lossOutput(loss)]), {
    trained: regressionParameters,
    ...rest,
  })
}

const monitor = (name: string, value: Value): Output => ({
  name: `monitor/${name}`,
  value,
  role: { kind: 'monitor', name },
})

/** State before minus state after one step: with sgd(lr = 1) the gradient. */
async function change(s: LoweredUpdate, batches: readonly Tensors[]): Promise<number[]> {
  const run = new StageRun(s, graphsOf(s), start)
  await run.step(batches)
  return Object.entries(start).flatMap(([key, before]) =>
    Array.from(before.data, (v, i) => v - (run.state.get(key)?.data[i] ?? NaN)),
  )
}

const nameOf = ({ source }: Value): string => (source.kind === 'input' ? source.name : '')

const norm = (values: readonly number[]): number => Math.hypot(...values)

describe('a step graph', () => {
  it('names inputs and outputs by role', () => {
    const { step, monitored, micro } = graphsOf(
      stage({
        groups: [{ optimizer: 'adamw', settings: { lr: 1 }, schedule: 'constant', scheduleSettings: {} }],
      }),
    )
    assertValid(step)
    expect(monitored).toBeNull()
    expect(micro).toBeNull()
    expect(step.inputs.map(nameOf).sort()).toEqual([
      'batch/d/x',
      'batch/d/y',
      'hyper/0/eps',
      'hyper/0/keep',
      'hyper/0/step_size',
      ...['b', 'w'].flatMap((p) => ['m', 'param', 'v'].map((slot) => `state/${slot}/net/${p}`)).sort(),
    ])
    expect(step.outputs.map(({ name }) => name).slice(0, 2)).toEqual(['loss', 'grad_norm'])
    const slot = { kind: 'slot', slot: 'm', model: 'net', path: 'w' }
    expect(step.outputs.find(({ name }) => name === 'm/net/w')?.role).toEqual({ kind: 'state', state: slot })
    const eps = step.inputs.find((v) => nameOf(v) === 'hyper/0/eps')
    expect(eps && roleOf(eps)).toEqual({ kind: 'hyper', group: 0, name: 'eps' })
    expect([...step.inputs.map(roleOf), ...step.outputs.map(({ role }) => role)]).not.toContain(undefined)
    expect(step.nodes.filter((n) => !n.span)).toEqual([])
  })

  it('with sgd(lr = 1) changes the state by minus the gradient', async () => {
    const s = stage()
    const rows = batch()
    const gradient = await change(s, [rows])
    const loss = (inputs: Tensors): number =>
      number(run(graphsOf(s).step, { ...inputs, 'hyper/0/lr': one })['loss'])
    const one: Tensor = { dtype: 'f32', shape: [], data: Float64Array.of(1) }
    const h = 1e-5
    let k = 0
    for (const [key, t] of Object.entries(start)) {
      for (let i = 0; i < t.data.length; i++) {
        const at = (d: number): number => {
          const moved = { ...start, [key]: { ...t, data: t.data.map((v, j) => (j === i ? v + d : v)) } }
          return loss({
            ...rows,
            ...Object.fromEntries(Object.entries(moved).map(([n, v]) => [`state/${n}`, v])),
          })
        }
        expect(gradient[k++]).toBeCloseTo((at(h) - at(-h)) / (2 * h), 8)
      }
    }
    expect(k).toBe(15)
  })

  it('reports the norm of all gradients', async () => {
    const s = stage()
    const rows = batch()
    const { outputs } = await new StageRun(s, graphsOf(s), start).step([rows])
    expect(number(outputs['grad_norm'])).toBeCloseTo(norm(await change(s, [rows])), 12)
  })

  it('clips by the global norm, and leaves smaller gradients alone', async () => {
    const rows = batch()
    const gradient = await change(stage(), [rows])
    const size = norm(gradient)
    const clipped = await change(stage({ clipNorm: size / 4 }), [rows])
    clipped.forEach((c, i) => expect(c).toBeCloseTo(((gradient[i] ?? NaN) * (size / 4)) / (size + 1e-6), 12))
    const loose = await change(stage({ clipNorm: size * 1.01 }), [rows])
    loose.forEach((c, i) => expect(c).toBeCloseTo(gradient[i] ?? NaN, 12))
  })

  it('over two micro-batches takes the mean of their gradients', async () => {
    const [one, two] = [batch(), batch()]
    const [first, second] = [await change(stage(), [one]), await change(stage(), [two])]
    const mean = first.map((g, i) => (g + (second[i] ?? NaN)) / 2)
    const accumulating = stage({ accumulate: 2 })
    const found = await change(accumulating, [one, two])
    found.forEach((g, i) => expect(g).toBeCloseTo(mean[i] ?? NaN, 12))
    const { outputs } = await new StageRun(accumulating, graphsOf(accumulating), start).step([one, two])
    expect(number(outputs['grad_norm'])).toBeCloseTo(norm(mean), 12)
    const { micro, step } = graphsOf(accumulating)
    assertValid(micro ?? step)
    expect(micro?.outputs.map(({ name }) => name)).toEqual(['loss', 'grad/net/w', 'grad/net/b'])
    expect(
      step.outputs.filter(({ role }) => role?.kind === 'state' && role.state.kind === 'gradient'),
    ).toEqual([])
  })

  it('at learning rate 0 leaves every bit of the parameters', async () => {
    for (const optimizer of ['sgd', 'adamw']) {
      const s = stage({
        groups: [{ optimizer, settings: { lr: 0 }, schedule: 'constant', scheduleSettings: {} }],
      })
      expect((await change(s, [batch()])).every((c) => c === 0)).toBe(true)
    }
  })

  it('with monitors gives the same state and the monitors too', async () => {
    const { b, loss, w, prediction } = regression(5)
    const g = b.op('Gradient', [loss, prediction])
    const outputs = [
      lossOutput(loss),
      monitor('reach', b.sum(b.mul(g, b.op('StopGradient', [prediction])), [0, 1])),
      monitor('size', b.sum(b.mul(w, w), [0, 1])),
    ]
    const s = stageOf(b.finish('train', outputs), { trained: regressionParameters })
    const graphs = graphsOf(s)
    const rows = batch()
    const plain = new StageRun(s, graphs, start)
    const watched = new StageRun(s, graphs, start)
    expect(Object.keys((await plain.step([rows])).outputs)).not.toContain('monitor/size')
    const { outputs: found } = await watched.step([rows], 'monitored')
    expect([...watched.state].map(([key, t]) => [key, Array.from(t.data)])).toEqual(
      [...plain.state].map(([key, t]) => [key, Array.from(t.data)]),
    )
    expect(number(found['monitor/size'])).toBeCloseTo(
      start['param/net/w']?.data.reduce((sum, v) => sum + v * v, 0) ?? NaN,
      10,
    )
    for (const graph of [graphs.step, graphs.monitored]) {
      assertValid(graph ?? b.finish('', []))
      expect(graph?.nodes.some((n) => n.op === 'Gradient' || n.op === 'StopGradient')).toBe(false)
    }
  })

  it('keeps frozen parameters as parameters and builds no gradient for them', () => {
    const s = stage({ trained: regressionParameters.slice(1) })
    const { step } = graphsOf(s)
    const frozen = new Set(step.nodes.flatMap((n) => n.inputs).filter((v) => v?.source.kind === 'parameter'))
    expect(frozen.size).toBe(1)
    expect(step.nodes.filter((n) => n.op === 'MatMul')).toHaveLength(1)
  })

  it('updates each group with its own settings', () => {
    const groups: LoweredUpdate['groups'] = [
      { optimizer: 'sgd', settings: { lr: 1 }, schedule: 'constant', scheduleSettings: {} },
      { optimizer: 'sgd', settings: { lr: 1, momentum: 0.9 }, schedule: 'constant', scheduleSettings: {} },
    ]
    const s = stage({ groups, trained: regressionParameters.map((t, group) => ({ ...t, group })) })
    expect(slotsOf(s)).toEqual(['momentum'])
    const names = graphsOf(s).step.inputs.map(nameOf)
    expect(names).toEqual(expect.arrayContaining(['hyper/0/lr', 'hyper/1/lr', 'state/momentum/net/b']))
    expect(names).not.toContain('state/momentum/net/w')
  })

  it('refuses to train what the loss cannot reach, and names all of it', () => {
    const type = { dtype: 'f32', shape: [2] } as const
    const b = new Builder()
    const [used, stopped] = [
      b.parameter('m', 'used', type),
      b.op('StopGradient', [b.parameter('m', 'stopped', type)]),
    ]
    b.span = span
    const loss = b.sum(b.mul(used, stopped), [0])
    const trained = ['used', 'stopped', 'absent'].map((path) => ({ model: 'm', path, ...type, group: 0 }))
    const s = stageOf(b.finish('train', [lossOutput(loss)]), { trained })
    try {
      graphsOf(s)
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(UserError)
      const { diagnostic } = error as UserError
      expect(diagnostic).toMatchObject({ code: 'stage/unreachable-parameter', span })
      expect(diagnostic.message).toContain('m.stopped, m.absent')
      expect(updateProblems(s, cpu)).toEqual([diagnostic])
    }
  })
})

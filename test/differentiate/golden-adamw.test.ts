import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Builder } from '../../src/graph/builder.js'
import type { Graph } from '../../src/graph/graph.js'
import { type Tensor, scalar, tensor } from '../../src/graph/types.js'
import adamw from '../../src/optimizers/adamw.js'
import { completeSettings } from '../../src/optimizers/settings.js'
import { interpreter, onnxruntime } from './stage-run.js'

interface Golden {
  readonly cases: readonly {
    readonly lr: number
    readonly weight_decay: number
    readonly betas: readonly number[]
    readonly eps: number
    readonly start: readonly number[]
    readonly grads: readonly (readonly number[])[]
    readonly weights_after: readonly (readonly number[])[]
  }[]
}

const { cases } = JSON.parse(readFileSync(new URL('../golden/adamw.json', import.meta.url), 'utf8')) as Golden

describe.each([
  ['in float64', interpreter, 1e-12],
  ['on onnxruntime in float32', onnxruntime(), 1e-5],
] as const)('the golden AdamW runs %s', (_, execute, tolerance) => {
  it.each(cases)('lr $lr, weight decay $weight_decay', async (c) => {
    const settings = completeSettings(adamw, {
      lr: c.lr,
      betas: c.betas,
      eps: c.eps,
      weight_decay: c.weight_decay,
    })
    const size = c.start.length
    let state = { p: tensor('f32', [size], c.start), m: zeros(size), v: zeros(size) }
    const graph = updateGraph(size, settings)
    for (const [i, expected] of c.weights_after.entries()) {
      const hyper = Object.entries(adamw.hyper(settings, i + 1, c.lr)).map(
        ([name, x]) => [name, scalar(x)] as const,
      )
      const g = tensor('f32', [size], c.grads[i] ?? [])
      state = (await execute(graph, { ...suffixed(state), g, ...Object.fromEntries(hyper) })) as typeof state
      expected.forEach((e, k) => {
        expect(Math.abs((state.p.data[k] ?? NaN) - e) / Math.abs(e)).toBeLessThan(tolerance)
      })
    }
  })
})

const zeros = (size: number): Tensor => tensor('f32', [size], new Float64Array(size))

/** Inputs have names of their own, as outputs do. */
const suffixed = (state: Readonly<Record<string, Tensor>>): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(state).map(([name, t]) => [`${name}.in`, t]))

function updateGraph(size: number, settings: ReturnType<typeof completeSettings>): Graph {
  const b = new Builder()
  const vector = (name: string) => b.input(name, { dtype: 'f32', shape: [size] })
  const number = (name: string) => b.input(name, { dtype: 'f32', shape: [] })
  const hyper = Object.keys(adamw.hyper(settings, 1, 1)).map((name) => [name, number(name)] as const)
  const next = adamw.update(b, {
    parameter: vector('p.in'),
    gradient: vector('g'),
    slots: { m: vector('m.in'), v: vector('v.in') },
    hyper: Object.fromEntries(hyper),
    settings,
  })
  const outputs = Object.entries({ p: next.parameter, ...next.slots })
  return b.finish(
    'update',
    outputs.map(([name, value]) => ({ name, value })),
  )
}

import type { LoweredUpdate } from '../../src/compiler/4-lower/lowered.js'
import { Builder } from '../../src/graph/builder.js'
import type { Graph, Value } from '../../src/graph/graph.js'
import { type Tensor, tensor } from '../../src/graph/types.js'

/** The steps of the stage, by which schedules go. */
export const stageSteps = 20

export const span = { file: 'test.dcr', start: 10, end: 20 }

/** The update of a stage around a graph, with what a test does not care about filled in. */
export function stageOf(
  graph: Graph,
  rest: Partial<LoweredUpdate> & Pick<LoweredUpdate, 'trained'>,
): LoweredUpdate {
  return {
    name: null,
    stage: 'train',
    span,
    graph,
    states: [],
    shared: [],
    groups: [{ optimizer: 'sgd', settings: { lr: 1 }, schedule: 'constant', scheduleSettings: {} }],
    times: 1,
    accumulate: 1,
    exact: null,
    chunk: null,
    memory: null,
    clipNorm: null,
    ema: null,
    precision: null,
    ...rest,
  }
}

const floats = (shape: readonly number[]) => ({ dtype: 'f32', shape }) as const

/** loss = mean((tanh(x @ w + b) - y)^2), with w and b parameters of the model `net`. */
export function regression(rows: number): { b: Builder; loss: Value; w: Value; prediction: Value } {
  const b = new Builder()
  b.span = span
  const field = (name: string, width: number): Value =>
    b.input(`batch/d/${name}`, floats([rows, width]), { kind: 'batch', data: 'd', field: name })
  const [x, y] = [field('x', 4), field('y', 3)]
  const [w, bias] = [b.parameter('net', 'w', floats([4, 3])), b.parameter('net', 'b', floats([3]))]
  const prediction = b.op('Tanh', [b.add(b.matmul(x, w), bias)])
  const error = b.sub(prediction, y)
  return { b, loss: b.mean(b.mul(error, error), [0, 1]), w, prediction }
}

export const regressionParameters: LoweredUpdate['trained'] = [
  { model: 'net', path: 'w', dtype: 'f32', shape: [4, 3], group: 0 },
  { model: 'net', path: 'b', dtype: 'f32', shape: [3], group: 0 },
]

export const f32 = (shape: readonly number[], data: readonly number[]): Tensor => tensor('f32', shape, data)

import { totalmem } from 'node:os'
import { Builder } from '../graph/builder.js'
import { emit } from '../compiler/9-emit/onnx.js'

/** What a run has to work with. */
export interface Machine {
  /** Floating-point operations a second in large products of f32 matrices, measured. */
  readonly flopsPerSecond: number
  readonly memory: number
}

const size = 1024
const rounds = 4

/** Measures this machine, in a fraction of a second; other work on it at the time counts. */
export async function measureMachine(): Promise<Machine> {
  const { InferenceSession, Tensor } = await import('./onnxruntime.js')
  const b = new Builder()
  const [x, y] = ['x', 'y'].map((name) => b.input(name, { dtype: 'f32', shape: [size, size] }))
  if (!x || !y) throw new Error('unreachable')
  const model = emit(b.finish('product', [{ name: 'product', value: b.matmul(x, y) }]))
  const session = await InferenceSession.create(model, { logSeverityLevel: 3 })
  const values = new Tensor('float32', new Float32Array(size * size).fill(0.5), [size, size])
  const feeds = { x: values, y: values }
  await session.run(feeds)
  let best = Infinity
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    await session.run(feeds)
    best = Math.min(best, performance.now() - start)
  }
  await session.release()
  return { flopsPerSecond: (2 * size ** 3) / (best / 1000), memory: totalmem() }
}

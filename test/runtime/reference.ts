import { draw, drawKey } from '../../src/runtime/draws.js'
import { initialValues } from '../../src/runtime/initialize.js'
import { Permutations } from '../../src/runtime/order/permutations.js'
import { batch, features, momentum, points } from './regression.js'

interface Line {
  readonly w: readonly number[]
  readonly b: number
}

const f64 = (values: Float32Array | readonly number[]): number[] => Array.from(values)

/** The scale and the start of the line as the run draws them. */
export const initialScale = (seed: number): number[] =>
  f64(
    initialValues({ kind: 'uniform', low: 1, high: 2 }, [features], { seed, model: 'fixed', path: 'scale' }),
  )

const initialLine = (seed: number): Line => ({
  w: f64(initialValues({ kind: 'normal', mean: 0, std: 1 }, [features], { seed, model: 'line', path: 'w' })),
  b: 0.5,
})

export const noise = (seed: number, stage: string, step: number, micro: number): number[] => {
  const out = new Float32Array(batch)
  draw({ kind: 'normal' }, [batch], { key: drawKey(seed, stage, 'eps'), step, micro }, out)
  return f64(out)
}

export const predict = (
  { w, b }: Line,
  scale: readonly number[],
  x: ArrayLike<number>,
  eps: number,
): number => Array.from(x).reduce((sum, v, i) => sum + v * (scale[i] ?? 0) * (w[i] ?? 0), b) + 0.1 * eps

/** The same training in float64, from its equations: losses, gradient norms, mean residuals and the line after each step. */
export function train(options: {
  readonly seed: number
  readonly rows: number
  readonly steps: number
  readonly lr: number
  readonly accumulate?: number
  readonly stage?: string
  readonly scale?: readonly number[]
}) {
  const { seed, rows, steps, lr, accumulate = 1, stage = 'first', scale = initialScale(seed) } = options
  const data = points(rows)
  const order = new Permutations(seed, 'points', rows)
  let { w, b } = initialLine(seed)
  let velocity: Line = { w: w.map(() => 0), b: 0 }
  const trace: { loss: number; gradNorm: number; residual: number; line: Line }[] = []
  for (let step = 1; step <= steps; step++) {
    let gw = w.map(() => 0)
    let gb = 0
    let loss = 0
    let residual = 0
    for (let micro = 0; micro < accumulate; micro++) {
      const eps = noise(seed, stage, step, micro)
      residual = 0
      const first = ((step - 1) * accumulate + micro) * batch
      eps.forEach((e, i) => {
        const { x, y } = data.row(order.row(first + i))
        const r = predict({ w, b }, scale, x, e) - (y[0] ?? 0)
        loss += (r * r) / batch / accumulate
        residual += r / batch
        gb += (2 * r) / batch / accumulate
        gw = gw.map((g, k) => g + (2 * r * (x[k] ?? 0) * (scale[k] ?? 0)) / batch / accumulate)
      })
    }
    const gradNorm = Math.hypot(...gw, gb)
    const rate = lr * Math.min(1, step / 5)
    velocity = { w: velocity.w.map((v, k) => momentum * v + (gw[k] ?? 0)), b: momentum * velocity.b + gb }
    w = w.map((v, k) => v - rate * (velocity.w[k] ?? 0))
    b -= rate * velocity.b
    trace.push({ loss, gradNorm, residual, line: { w, b } })
  }
  return trace
}

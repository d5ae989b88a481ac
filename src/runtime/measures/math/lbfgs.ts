/** A function to be minimised: its value at a point, whose gradient is written into `gradient`. */
export type Objective = (point: Float64Array, gradient: Float64Array) => number

/** Steps and changes of the gradient that are remembered. */
const memory = 10

/**
 * Limited-memory BFGS (Liu and Nocedal 1989) with a backtracking line search under Armijo's condition, for smooth convex
 * functions. Ends where no entry of the gradient is larger than `tolerance`, or after `iterations`. Gives how many it took.
 */
export function minimise(
  objective: Objective,
  point: Float64Array,
  { iterations, tolerance }: { readonly iterations: number; readonly tolerance: number },
): number {
  const gradient = new Float64Array(point.length)
  let value = objective(point, gradient)
  const past: { readonly s: Float64Array; readonly y: Float64Array; readonly rho: number }[] = []
  for (let k = 0; k < iterations; k++) {
    if (largest(gradient) <= tolerance) return k
    const direction = descent(gradient, past)
    const slope = dot(direction, gradient)
    const [before, gradientBefore] = [Float64Array.from(point), Float64Array.from(gradient)]
    // The first step knows no curvature: a step of length 1 at most.
    let size = past.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1
    let next = NaN
    for (let halved = 0; halved < 40; halved++, size /= 2) {
      for (let i = 0; i < point.length; i++) point[i] = (before[i] ?? 0) + size * (direction[i] ?? 0)
      next = objective(point, gradient)
      if (next <= value + 1e-4 * size * slope) break
    }
    if (!(next < value)) {
      point.set(before)
      return k
    }
    value = next
    const s = point.map((v, i) => v - (before[i] ?? 0))
    const y = gradient.map((v, i) => v - (gradientBefore[i] ?? 0))
    const curvature = dot(s, y)
    if (curvature > 1e-12 * dot(y, y)) past.push({ s, y, rho: 1 / curvature })
    if (past.length > memory) past.shift()
  }
  return iterations
}

/** The two loops: minus the gradient times an estimate of the inverse Hessian. */
function descent(
  gradient: Float64Array,
  past: readonly { readonly s: Float64Array; readonly y: Float64Array; readonly rho: number }[],
): Float64Array {
  const q = gradient.map((v) => -v)
  const alphas = past.toReversed().map(({ s, y, rho }) => {
    const alpha = rho * dot(s, q)
    add(q, y, -alpha)
    return alpha
  })
  const last = past.at(-1)
  if (last) {
    const scale = 1 / (last.rho * dot(last.y, last.y))
    for (let i = 0; i < q.length; i++) q[i] = (q[i] ?? 0) * scale
  }
  past.forEach(({ s, y, rho }, k) => add(q, s, (alphas[past.length - 1 - k] ?? 0) - rho * dot(y, q)))
  return q
}

function add(to: Float64Array, of: Float64Array, times: number): void {
  for (let i = 0; i < to.length; i++) to[i] = (to[i] ?? 0) + times * (of[i] ?? 0)
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0)
  return sum
}

const largest = (values: Float64Array): number => {
  let most = 0
  for (const value of values) most = Math.max(most, Math.abs(value))
  return most
}

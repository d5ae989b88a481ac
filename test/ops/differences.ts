import type { Graph, Value } from '../../src/graph/graph.js'
import { interpret } from '../../src/graph/interpret.js'
import { type Tensor, tensor } from '../../src/graph/types.js'
import { lookup } from './calls.js'

/** sum over outputs of <weight, output>. */
export function weighted(
  graph: Graph,
  values: ReadonlyMap<Value, Tensor>,
  weights: readonly Tensor[],
): number {
  return interpret(graph, (v) => lookup(values, v)).reduce(
    (sum, t, k) => sum + t.data.reduce((s, v, i) => s + v * (weights[k]?.data[i] ?? 0), 0),
    0,
  )
}

/** The derivative of `weighted` in one input along a direction, by central differences of fourth order. */
export function along(
  graph: Graph,
  values: ReadonlyMap<Value, Tensor>,
  at: Value,
  weights: readonly Tensor[],
  direction: { readonly data: ArrayLike<number> },
  h = 1e-3,
): number {
  const x = lookup(values, at)
  const moved = (by: number): number => {
    const data = x.data.map((v, i) => v + by * (direction.data[i] ?? 0))
    return weighted(graph, new Map(values).set(at, tensor(x.dtype, x.shape, data)), weights)
  }
  return (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h)
}

/** The gradient of `weighted` in one input, element by element. */
export function differences(
  graph: Graph,
  values: ReadonlyMap<Value, Tensor>,
  at: Value,
  weights: readonly Tensor[],
): Float64Array {
  return lookup(values, at).data.map((_, element, all) =>
    along(graph, values, at, weights, { data: all.map((__, i) => Number(i === element)) }),
  )
}

/** The largest difference, relative to the largest magnitude of either (at least `floor`). */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>, floor = 1e-3): number {
  let [difference, size] = [a.length === b.length ? 0 : Infinity, floor]
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] ?? Number.NaN, b[i] ?? Number.NaN]
    if (x === y) continue
    difference = Math.max(difference, Number.isNaN(x - y) ? Infinity : Math.abs(x - y))
    size = Math.max(size, Math.abs(x), Math.abs(y))
  }
  return difference / size
}

import * as ort from '../../src/runtime/onnxruntime.js'
import { type EmitOptions, emit } from '../../src/compiler/9-emit/onnx.js'
import type { Graph, Value } from '../../src/graph/graph.js'
import { rewrite } from '../../src/graph/rewrite.js'
import { randomFeeds } from '../emit/profile.js'

/** Parameters as inputs, so that a graph runs without weight files. */
export function parametersAsInputs(graph: Graph): Graph {
  const inputs = new Map<string, Value>()
  return rewrite(graph, {
    leaf(value, b) {
      if (value.source.kind !== 'parameter') return undefined
      const name = `${value.source.model}/${value.source.path}`
      const input = inputs.get(name) ?? b.input(name, value.type)
      inputs.set(name, input)
      return input
    },
  })
}

/** The outputs of a graph on onnxruntime with its optimiser off, on random inputs. */
export async function outputsOf(
  graph: Graph,
  feeds = randomFeeds(graph),
  options: EmitOptions = {},
): Promise<Map<string, Float64Array>> {
  const session = await ort.InferenceSession.create(emit(graph, options), {
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 3,
  })
  const results = await session.run(feeds)
  await session.release()
  return new Map(
    Object.entries(results).map(([name, t]) => [
      name,
      Float64Array.from(t.data as ArrayLike<number>, Number),
    ]),
  )
}

/** The largest difference of two results of one graph, relative to the largest value of each output. */
export function difference(
  a: ReadonlyMap<string, Float64Array>,
  b: ReadonlyMap<string, Float64Array>,
): number {
  let worst = 0
  for (const [name, x] of a) {
    const y = b.get(name)
    if (!y || y.length !== x.length) return Infinity
    const scale = Math.max(1e-3, ...x.map(Math.abs))
    for (const [i, v] of x.entries()) {
      const d = Object.is(v, y[i]) ? 0 : Math.abs(v - (y[i] ?? NaN)) / scale
      if (!(d <= worst)) worst = Number.isNaN(d) ? Infinity : d
    }
  }
  return worst
}

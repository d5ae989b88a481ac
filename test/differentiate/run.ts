import type { Graph, Value } from '../../src/graph/graph.js'
import { interpret } from '../../src/graph/interpret.js'
import { type Tensor, tensor } from '../../src/graph/types.js'

/** Runs a graph in float64 on inputs by name and gives its outputs by name. */
export function run(graph: Graph, inputs: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const results = interpret(graph, ({ source }) => {
    const found = source.kind === 'input' ? inputs[source.name] : undefined
    if (!found) throw new Error(`no value for ${JSON.stringify(source)}`)
    return found
  })
  return Object.fromEntries(
    graph.outputs.map(({ name }, i) => {
      const result = results[i]
      if (!result) throw new Error(`no result ${name}`)
      return [name, result]
    }),
  )
}

export const number = (t: Tensor | undefined): number => {
  const [first] = t?.data ?? []
  if (first === undefined || t?.data.length !== 1) throw new Error('not one number')
  return first
}

/** The derivative of a scalar along a direction by a five-point stencil. */
export function alongDirection(
  graph: Graph,
  inputs: ReadonlyMap<Value, Tensor>,
  direction: ReadonlyMap<Value, Tensor>,
  h = 1e-3,
): number {
  const at = (t: number): number => {
    const [loss] = interpret(graph, (value) => {
      const x = inputs.get(value)
      if (!x) throw new Error('no value for an input')
      const d = direction.get(value)
      return d
        ? tensor(
            x.dtype,
            x.shape,
            x.data.map((v, i) => v + t * (d.data[i] ?? 0)),
          )
        : x
    })
    return number(loss)
  }
  return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
}

export const dot = (a: Tensor, b: Tensor): number =>
  a.data.reduce((sum, v, i) => sum + v * (b.data[i] ?? 0), 0)

import { type Graph, type Node, type Source, type Value } from './graph.js'
import { nodesBehind, nodesOf } from './rewrite.js'

/** A parameter of a model, as a value of a graph. One parameter may be several values. */
export interface ParameterValue extends Value {
  readonly source: Extract<Source, { readonly kind: 'parameter' }>
}

/** The parameters that a graph reads. */
export const parametersOf = (graph: Graph): ReadonlySet<ParameterValue> =>
  parametersBehind(
    graph.outputs.map(({ value }) => value),
    nodesOf(graph),
  )

/** The parameters that values are computed from; `behind` are the nodes that compute them. */
export function parametersBehind(
  values: readonly Value[],
  behind: Iterable<Node> = nodesBehind(values),
): ReadonlySet<ParameterValue> {
  const found = new Set<ParameterValue>()
  const read = (value: Value | null): void => {
    if (value && isParameter(value)) found.add(value)
  }
  values.forEach(read)
  for (const node of behind) {
    node.inputs.forEach(read)
    for (const { graph } of node.bodies) for (const { value } of graph.outputs) read(value)
  }
  return found
}

const isParameter = (value: Value): value is ParameterValue => value.source.kind === 'parameter'

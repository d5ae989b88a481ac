import { type Graph, type Node, type Source, type Value } from './graph.js'
import { nodesBehind, visitNodes } from './rewrite.js'

/** A parameter of a model, as a value of a graph. One parameter may be several values. */
export interface ParameterValue extends Value {
  readonly source: Extract<Source, { readonly kind: 'parameter' }>
}

/** The parameters that a graph reads. */
export function parametersOf(graph: Graph): ReadonlySet<ParameterValue> {
  const read = new Reader()
  read.outputs(graph)
  visitNodes(graph, (node) => read.node(node))
  return read.found
}

/** The parameters that values are computed from; `behind` are the nodes that compute them. */
export function parametersBehind(
  values: readonly Value[],
  behind: readonly Node[] = nodesBehind(values),
): ReadonlySet<ParameterValue> {
  const read = new Reader()
  for (const value of values) read.value(value)
  for (const node of behind) read.node(node)
  return read.found
}

/** Collects the parameters among what is read. */
class Reader {
  readonly found = new Set<ParameterValue>()

  value(value: Value): void {
    if (isParameter(value)) this.found.add(value)
  }

  outputs({ outputs }: Graph): void {
    for (const { value } of outputs) this.value(value)
  }

  node({ inputs, bodies }: Node): void {
    for (let i = 0; i < inputs.length; i++) {
      const input = inputs[i]
      if (input) this.value(input)
    }
    for (const { graph } of bodies) this.outputs(graph)
  }
}

const isParameter = (value: Value): value is ParameterValue => value.source.kind === 'parameter'

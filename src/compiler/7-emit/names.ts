import { type Graph, type Node, type Value, bodies } from '../../graph/graph.js'

/** The names that a graph's nodes and values get in its ONNX file; they follow from file order alone. */
export interface Names {
  readonly node: ReadonlyMap<Node, string>
  readonly value: ReadonlyMap<Value, string>
  /** Parameters and constants of the graph and its bodies, one value per name, in order of first use. */
  readonly initializers: ReadonlyMap<string, Value>
}

/** The name of a frozen parameter's initializer, in files and in the manifest. */
export const parameterName = (model: string, path: string): string => `${model}/${path}`

/**
 * Names every node `<op>_<k>`, k its place in the file, and every value after its node. Inputs, parameters and
 * outputs of the graph keep their own names; equal constants share one.
 */
export function assignNames(graph: Graph): Names {
  const names = known.get(graph) ?? nameAll(graph)
  known.set(graph, names)
  return names
}

/** Graphs do not change, and several steps of emission ask for their names. */
const known = new WeakMap<Graph, Names>()

function nameAll(graph: Graph): Names {
  const node = new Map<Node, string>()
  const value = new Map<Value, string>()
  const initializers = new Map<string, Value>()
  const constants = new Map<string, string>()

  const nameInitializer = (v: Value): void => {
    if (value.has(v)) return
    if (v.source.kind === 'parameter') {
      const name = parameterName(v.source.model, v.source.path)
      value.set(v, name)
      if (!initializers.has(name)) initializers.set(name, v)
    } else if (v.source.kind === 'constant') {
      const { dtype, shape } = v.source.tensor
      const key = `${dtype}[${shape.join()}]${Array.from(v.source.tensor.data, (x) => (Object.is(x, -0) ? '-0' : x)).join()}`
      const name = constants.get(key) ?? `const_${constants.size}`
      constants.set(key, name)
      value.set(v, name)
      if (!initializers.has(name)) initializers.set(name, v)
    }
  }

  for (const input of graph.inputs) if (input.source.kind === 'input') value.set(input, input.source.name)
  for (const output of graph.outputs) {
    if (output.value.source.kind === 'node') value.set(output.value, output.name)
  }
  const visit = (g: Graph): void => {
    for (const n of g.nodes) {
      const name = `${n.op}_${node.size}`
      node.set(n, name)
      for (const input of n.inputs) if (input) nameInitializer(input)
      for (const { graph: body } of bodies(n)) {
        body.inputs.forEach((input, i) => value.set(input, `${name}.in${i}`))
        visit(body)
      }
      n.outputs.forEach((output, i) => {
        if (!value.has(output)) value.set(output, n.outputs.length === 1 ? name : `${name}.${i}`)
      })
    }
    for (const output of g.outputs) nameInitializer(output.value)
  }
  visit(graph)
  return { node, value, initializers }
}

/** The parameters and constants that a graph and its bodies read, each once. */
export const initializersOf = (graph: Graph): readonly Value[] => [
  ...assignNames(graph).initializers.values(),
]

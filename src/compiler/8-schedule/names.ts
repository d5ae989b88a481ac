import { type Graph, type Node, type Value } from '../../graph/graph.js'
import { tensorKey } from '../../graph/types.js'

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

/** The parameters and constants that a graph and its bodies read, each once. */
export const initializersOf = (graph: Graph): readonly Value[] => [...initializers(graph).byName.values()]

/** Graphs do not change, and several steps of emission ask for their names. */
const known = new WeakMap<Graph, Names>()

function nameAll(graph: Graph): Names {
  const { byName, names } = initializers(graph)
  const node = new Map<Node, string>()
  const value = new Map(names)
  for (const input of graph.inputs) if (input.source.kind === 'input') value.set(input, input.source.name)
  for (const output of graph.outputs) {
    if (output.value.source.kind === 'node') value.set(output.value, output.name)
  }
  const visit = (g: Graph): void => {
    for (const n of g.nodes) {
      const name = `${n.op}_${node.size}`
      node.set(n, name)
      for (const { graph: body } of n.bodies) {
        body.inputs.forEach((input, i) => value.set(input, `${name}.in${i}`))
        visit(body)
      }
      n.outputs.forEach((output, i) => {
        if (!value.has(output)) value.set(output, n.outputs.length === 1 ? name : `${name}.${i}`)
      })
    }
  }
  visit(graph)
  return { node, value, initializers: byName }
}

interface Initializers {
  readonly names: ReadonlyMap<Value, string>
  /** In order of first use. */
  readonly byName: ReadonlyMap<string, Value>
}

const knownInitializers = new WeakMap<Graph, Initializers>()

function initializers(graph: Graph): Initializers {
  const found = knownInitializers.get(graph) ?? findInitializers(graph)
  knownInitializers.set(graph, found)
  return found
}

function findInitializers(graph: Graph): Initializers {
  const names = new Map<Value, string>()
  const byName = new Map<string, Value>()
  const constants = new Map<string, string>()
  const nameOf = ({ source }: Value): string | undefined => {
    if (source.kind === 'parameter') return parameterName(source.model, source.path)
    if (source.kind !== 'constant') return undefined
    const key = tensorKey(source.tensor)
    const name = constants.get(key) ?? `const_${constants.size}`
    constants.set(key, name)
    return name
  }
  const read = (value: Value): void => {
    if (value.source.kind === 'node' || names.has(value)) return
    const name = nameOf(value)
    if (name === undefined) return
    names.set(value, name)
    if (!byName.has(name)) byName.set(name, value)
  }
  const visit = (g: Graph): void => {
    for (const node of g.nodes) {
      for (let i = 0; i < node.inputs.length; i++) {
        const input = node.inputs[i]
        if (input) read(input)
      }
      for (const body of node.bodies) visit(body.graph)
    }
    for (const output of g.outputs) read(output.value)
  }
  visit(graph)
  return { names, byName }
}

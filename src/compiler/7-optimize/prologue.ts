import { Builder } from '../../graph/builder.js'
import { type Draft, type Graph, type Output, type Value, producer } from '../../graph/graph.js'
import { Copier, operands, rewrite, slice } from '../../graph/rewrite.js'
import { elementCount } from '../../graph/types.js'
import { operator } from '../../ops/registry.js'
import { mergeCommon } from '../passes/merge-common.js'
import { Numbering, comparable } from '../passes/numbering.js'

/** Graphs that read results of one prologue as inputs. */
export interface Split {
  readonly graphs: readonly Graph[]
  readonly prologue: Graph | null
}

/** Subgraphs of fewer elements than this cost less than the input that would replace them. */
const trivial = 4096

/**
 * Takes what depends on constants and frozen parameters alone out of graphs that run at each step: it runs once.
 * Views of parameters and copies by Expand stay, because an input that holds them would only be larger; so does what
 * cannot stand at a graph's boundary. The graphs of a stage share one prologue.
 */
export function splitPrologue(graphs: readonly Graph[], draft?: Draft): Split {
  const numbering = new Numbering()
  const outputs = new Map<number, Result>()
  const sources = new Map<number, Graph>()
  const results = graphs.map((graph) => {
    const named = new Map<Value, Result>()
    const frontier = frontierOf(graph)
    if (frontier.size === 0) return named
    for (const value of graph.nodes.flatMap((n) => n.outputs)) {
      if (!frontier.has(value)) continue
      const key = numbering.of(value)
      const output = outputs.get(key) ?? resultOf(String(outputs.size), value)
      if (!outputs.has(key)) sources.set(key, graph)
      outputs.set(key, output)
      named.set(value, output)
    }
    return named
  })
  const prologue = outputs.size === 0 ? null : collect(graphs, outputs, sources)
  return { graphs: graphs.map((graph, i) => replace(graph, results[i] ?? new Map(), draft)), prologue }
}

/** What the prologue gives for a value. */
type Result = Output & { readonly role: { readonly kind: 'prologue'; readonly key: string } }

const resultOf = (key: string, value: Value): Result => ({
  name: `prologue/${key}`,
  value,
  role: { kind: 'prologue', key },
})

/** The static values that the rest of the graph reads, moved up to where hoisting pays. */
function frontierOf(graph: Graph): ReadonlySet<Value> {
  const weight = new Map<Value, number>()
  const isStatic = (value: Value): boolean =>
    value.source.kind === 'constant' || value.source.kind === 'parameter' || weight.has(value)
  for (const node of graph.nodes) {
    const read = operands(node)
    if (!comparable(node) || !read.every(isStatic)) continue
    const work = read.reduce((sum, v) => sum + (weight.get(v) ?? 0), 0)
    for (const output of node.outputs) weight.set(output, work + elementCount(output.type.shape))
  }

  const frontier = new Set<Value>()
  const want = (value: Value): void => {
    const node = producer(value)
    const work = weight.get(value)
    if (!node || work === undefined || work < trivial) return
    if (!isComputed(value) || value.type.dtype === 'bf16')
      node.inputs.forEach((input) => input && want(input))
    else frontier.add(value)
  }
  for (const node of graph.nodes) {
    if (!node.outputs.some((output) => weight.has(output))) operands(node).forEach(want)
  }
  return frontier
}

/** Whether a static value is more than a view or a copy by Expand of something else. */
function isComputed(value: Value): boolean {
  const node = producer(value)
  const [operand] = node?.inputs ?? []
  if (!node || node.op === 'Expand') return false
  return !operator(node.op).memory?.view || (operand ? isComputed(operand) : false)
}

/** The graph with the prologue's results as inputs. */
function replace(graph: Graph, results: ReadonlyMap<Value, Result>, draft: Draft | undefined): Graph {
  if (results.size === 0) return graph
  const taken = new Map<string, Value>()
  const input = (value: Value, b: Builder): Value | null => {
    const result = results.get(value)
    if (!result) return null
    const { name, role } = result
    const made = taken.get(name) ?? b.input(name, value.type, role)
    taken.set(name, made)
    return made
  }
  const replaced = rewrite(graph, {
    draft,
    node: (node, inputs, { b }) => {
      if (!node.outputs.some((v) => results.has(v))) return undefined
      const copies = node.outputs.every((v) => results.has(v)) ? [] : b.node(node.op, inputs, node.attributes)
      return node.outputs.map((v, k) => input(v, b) ?? copies[k] ?? null)
    },
  })
  // What only the values needed is dead now.
  return slice(replaced)
}

/** One graph that computes all of them; what several share is computed once. */
function collect(
  graphs: readonly Graph[],
  outputs: ReadonlyMap<number, Output>,
  sources: ReadonlyMap<number, Graph>,
): Graph {
  const b = new Builder()
  const made = graphs.flatMap((graph) => {
    const own = [...outputs].flatMap(([key, output]) => (sources.get(key) === graph ? [output] : []))
    return own.length === 0 ? [] : new Copier(b, { outputs: own }).copy(graph)
  })
  return mergeCommon.run(b.finish('prologue', made), {}).graph
}

import type { Span } from '../../diagnostics/diagnostic.js'
import { type Graph, type Node, producer } from '../../graph/graph.js'

/**
 * Names for the nodes of a file that people look at: the layer, which is the module whose parameter a node reads or what
 * the layers before and behind it have in common, and the line of the source. No two are equal.
 */
export function nodeNames(graph: Graph, locate: (span: Span) => string): readonly string[] {
  const own = new Map(graph.nodes.map((node) => [node, layerOf(node)]))
  const before = new Map<Node, string | undefined>()
  for (const node of graph.nodes) before.set(node, own.get(node) ?? first(producersOf(node), before))
  const after = new Map<Node, string | undefined>()
  const readers = readersIn(graph)
  for (const node of graph.nodes.toReversed())
    after.set(node, own.get(node) ?? first(readers.get(node) ?? [], after))
  const counts = new Map<string, number>()
  return graph.nodes.map((node) => {
    const layer = own.get(node) ?? shared(before.get(node), after.get(node))
    const line = node.span ? locate(node.span).replace(/:\d+$/, '') : ''
    const name = [layer, line].filter((part) => part !== '').join(' ') || node.op
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    return count === 1 ? name : `${name} #${count}`
  })
}

/** The path of the module whose parameter a node reads. */
function layerOf({ inputs }: Node): string | undefined {
  for (const value of inputs)
    if (value?.source.kind === 'parameter') return value.source.path.split('.').slice(0, -1).join('.')
  return undefined
}

const producersOf = ({ inputs }: Node): readonly Node[] =>
  inputs.flatMap((value) => (value ? (producer(value) ?? []) : []))

function readersIn({ nodes }: Graph): ReadonlyMap<Node, readonly Node[]> {
  const readers = new Map<Node, Node[]>()
  for (const node of nodes)
    for (const made of producersOf(node)) readers.set(made, [...(readers.get(made) ?? []), node])
  return readers
}

const first = (nodes: readonly Node[], layers: ReadonlyMap<Node, string | undefined>): string | undefined =>
  nodes.map((node) => layers.get(node)).find((layer) => layer !== undefined)

function shared(a: string | undefined, b: string | undefined): string {
  if (a === undefined || b === undefined) return a ?? b ?? ''
  const [left, right] = [a.split('.'), b.split('.')]
  const end = left.findIndex((part, k) => part !== right[k])
  return left.slice(0, end < 0 ? left.length : end).join('.')
}

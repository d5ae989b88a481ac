import type { Graph, Node, Value } from '../../../graph/graph.js'
import { operands } from '../../../graph/rewrite.js'
import type { Member, RowRegion } from '../by-rows/body.js'
import { rowWise } from '../by-rows/follow.js'

/** A row-wise part of a graph, and what the rest reads of it. */
export interface Part {
  readonly region: RowRegion
  readonly results: readonly Value[]
}

/** What of a graph is computed sample by sample, before anything mixes the samples. */
export interface Parts {
  /** What depends on no trained parameter. */
  readonly frozen: Part | null
  readonly trained: Part | null
  /** The nodes in an order in which each part stands together: what reads no samples, the parts, the rest. */
  readonly order: readonly Node[]
}

/**
 * Finds the parts of a graph whose samples lie along the given axes of some values. A value by which a gradient is asked
 * for (an Anchor) ends a part: what is computed from it must be differentiated as it stands.
 */
export function rowWiseParts(
  graph: Graph,
  rows: number,
  samples: ReadonlyMap<Value, number>,
  isTrained: (value: Value) => boolean,
): Parts {
  const axes = new Map(samples)
  const mixed = new Set<Value>()
  const trained = new Set<Value>()
  const before: Node[] = []
  const frozenPart = new Map<Node, Member>()
  const trainedPart = new Map<Node, Member>()
  const after: Node[] = []
  for (const node of graph.nodes) {
    const read = operands(node)
    const depends = read.some((v) => trained.has(v) || isTrained(v))
    if (depends) for (const v of node.outputs) trained.add(v)
    if (node.outputs.some((v) => samples.has(v)) || !read.some((v) => axes.has(v) || mixed.has(v))) {
      before.push(node)
      continue
    }
    const whole = node.op === 'Anchor' || node.bodies.length > 0 || read.some((v) => mixed.has(v))
    const found = whole ? undefined : rowWise(node, (v) => axes.get(v), rows)
    if (!found) {
      after.push(node)
      for (const v of node.outputs) mixed.add(v)
      continue
    }
    const part = depends ? trainedPart : frozenPart
    part.set(node, { kind: 'node', axes: found.inputs })
    node.outputs.forEach((v, k) => axes.set(v, found.outputs[k] ?? 0))
  }
  const partOf = (members: ReadonlyMap<Node, Member>): Part | null => {
    const read = new Set<Value>(graph.outputs.map(({ value }) => value))
    for (const node of graph.nodes) if (!members.has(node)) for (const v of operands(node)) read.add(v)
    const results = [...members.keys()].flatMap((node) => node.outputs.filter((v) => read.has(v)))
    if (results.length === 0) return null
    const own = [...members.keys()].flatMap((node) => node.outputs)
    return { region: { rows, members, axes: new Map(own.map((v) => [v, axes.get(v) ?? 0])) }, results }
  }
  return {
    frozen: partOf(frozenPart),
    trained: partOf(trainedPart),
    order: [...before, ...frozenPart.keys(), ...trainedPart.keys(), ...after],
  }
}

import type { Builder } from '../../../graph/builder.js'
import { type Draft, type Graph, type Node, type Value } from '../../../graph/graph.js'
import { rewrite } from '../../../graph/rewrite.js'
import { sameShape } from '../../../graph/types.js'
import { operator } from '../../../ops/registry.js'
import type { Pass, PassResult, Refusal } from '../pass.js'
import { type Meeting, meet } from './broadcast.js'
import { onRows } from '../by-rows/on-rows.js'
import { type Repeat, materialise, repeatBehind, repeatedRows, sameRepetition } from './repeat.js'

/**
 * What `f(a[i], b[j]) for i in n, j in m` computes of a[i] alone is computed for n rows, not n * m: repetitions of rows
 * move behind every operator that treats rows one by one. It runs before differentiation, so that cotangents are
 * summed where rows were repeated, at the earliest place.
 */
export const pushRepeats: Pass = {
  name: 'push-repeats',
  doc: 'Moves repetitions of rows behind operators that treat rows one by one; where two kinds of repetition meet, broadcasting takes their place.',
  requires: [],
  // Where pairs are computed in chunks they have been pushed.
  run: (graph, { draft, chunking }) =>
    chunking ? { graph, changed: 0, refusals: [] } : pushed(graph, draft),
}

/** The graph with repetitions pushed, and where rows are repeated now. */
export interface Pushed extends PassResult {
  /** Values that hold each row of a smaller one several times. */
  readonly repeats: ReadonlyMap<Value, Repeat>
  readonly meetings: readonly Meeting[]
}

export function pushed(graph: Graph, draft?: Draft): Pushed {
  const repeats = new Map<Value, Repeat>()
  const meetings: Meeting[] = []
  const refusals: Refusal[] = []
  let changed = 0
  if (graph.nodes.every((n) => n.op !== 'Expand')) return { graph, changed, refusals, repeats, meetings }

  const result = rewrite(graph, {
    draft,
    node(node, inputs, { b }) {
      const [operand] = inputs
      const [out] = node.outputs
      if (!out || node.bodies.length > 0) return undefined
      const known = inputs.map((v) => (v ? repeats.get(v) : undefined))
      if (known.every((r) => r === undefined)) {
        const repeat = operand && repeatBehind(b, node, operand, out.type.shape)
        if (!repeat) return undefined
        const full = materialise(b, repeat)
        repeats.set(full, repeat)
        return [full]
      }
      const smaller = push(b, node, inputs, known)
      if (typeof smaller !== 'string') {
        changed++
        return smaller.map((repeat) => {
          const full = materialise(b, repeat)
          repeats.set(full, repeat)
          return full
        })
      }
      const met = meet(b, node, inputs, known)
      if (met) {
        changed++
        meetings.push(met.meeting)
        if (met.repeat) repeats.set(met.value, met.repeat)
        return [met.value]
      }
      refusals.push({ node, reason: smaller })
      return undefined
    },
  })
  return { graph: result, changed, refusals, repeats, meetings }
}

/** The node on the smaller values, or why it cannot move. */
function push(
  b: Builder,
  node: Node,
  inputs: readonly (Value | null)[],
  repeats: readonly (Repeat | undefined)[],
): readonly Repeat[] | string {
  const definition = operator(node.op)
  const known = repeats.filter((r) => r !== undefined)
  const [first] = known
  if (!first || !known.every((r) => sameRepetition(r, first))) return 'its operands repeat in different ways'
  if (definition.domain === 'dcrc' && node.op !== 'StopGradient') return `${node.op} looks at whole values`
  const rows = repeats.map((r) => r?.axis ?? null)
  const types = node.outputs.map((o) => o.type)
  const axes = definition.rows(rows, node.inputs, types, node.attributes, repeatedRows(first))

  const shapes: number[][] = []
  for (const [k, axis] of axes.entries()) {
    if (axis === null || axis === 'coupled') return `${node.op} couples the rows`
    const shape = [...(types[k]?.shape ?? [])]
    shape[axis] = (shape[axis] ?? 1) / (first.outer * first.inner)
    shapes.push(shape)
  }
  const operands = inputs.map((v, k) => repeats[k]?.base ?? v)
  const smaller = onRows(b, node, operands, shapes)
  if (!smaller || !smaller.every((v, k) => sameShape(v.type.shape, shapes[k] ?? []))) {
    return `${node.op} has another operand with a row for each repetition`
  }
  return smaller.map((base, k) => {
    const axis = axes[k]
    if (typeof axis !== 'number') throw new Error('unreachable: checked above')
    return { ...first, base, axis }
  })
}

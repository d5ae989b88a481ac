import type { Graph, Node, Value } from '../../graph/graph.js'
import { findNodes, needed, rewrite, slice } from '../../graph/rewrite.js'
import { roleOf } from '../../graph/roles.js'

/** A graph that reads cached values as if they were fields of its data, and what computes them. */
export interface SplitCached {
  readonly graph: Graph
  /** One for each data set, of which it makes results named like the fields. */
  readonly features: readonly Graph[]
}

/**
 * Takes out what is computed for `cached`, so that it is fed like the fields of the data set that it is made of. What lies
 * within another cached value belongs to that one.
 */
export function splitCached(graph: Graph): SplitCached {
  const kept = findNodes(graph, ({ op }) => op === 'Cached').flatMap((node): Kept[] => {
    const [value] = node.inputs
    const data = value ? dataBehind(value) : undefined
    return value && data !== undefined ? [{ node, value, data }] : []
  })
  if (kept.length === 0) return { graph, features: [] }
  const fields = new Map(kept.map(({ node }, k) => [node, `cached/${k}`]))
  const replaced = slice(
    rewrite(graph, {
      node: (node, _, { b }) => {
        const field = fields.get(node)
        const found = kept.find((one) => one.node === node)
        if (field === undefined || !found) return undefined
        return [b.input(field, found.value.type, { kind: 'batch', data: found.data, field })]
      },
    }),
  )
  const read = new Set(
    replaced.inputs.map((input) => (input.source.kind === 'input' ? input.source.name : '')),
  )
  const live = kept.filter(({ node }) => read.has(fields.get(node) ?? ''))
  const features = [...new Set(live.map(({ data }) => data))].map((data) =>
    slice(
      graph,
      live.flatMap(({ node, value, data: own }) => {
        const name = fields.get(node) ?? ''
        return own === data ? [{ name, value, role: { kind: 'result' as const, name } }] : []
      }),
    ),
  )
  return { graph: replaced, features }
}

interface Kept {
  readonly node: Node
  readonly value: Value
  readonly data: string
}

/** The data set whose fields a value is computed from. */
function dataBehind(value: Value): string | undefined {
  for (const read of needed([value])) {
    const role = roleOf(read)
    if (role?.kind === 'batch') return role.data
  }
  return undefined
}

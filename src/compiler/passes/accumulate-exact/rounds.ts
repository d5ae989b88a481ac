import { Builder, idAfter } from '../../../graph/builder.js'
import type { Graph, Value } from '../../../graph/graph.js'
import { Copier, type Rewrite, slice } from '../../../graph/rewrite.js'
import { RegionBody, unstacked } from '../by-rows/body.js'
import type { Refusal } from '../pass.js'
import type { Part } from './parts.js'

/** A graph whose part runs in rounds, and what stands there for the results of the part. */
export interface Rounds {
  readonly graph: Graph
  readonly results: ReadonlyMap<Value, Value>
  /** What stands for a value of the graph before. */
  readonly moved: (value: Value) => Value
}

/**
 * The graph with a part in a Loop over micro-batches of `size` samples, which keeps the results of the part alone. `as`
 * says how the rest reads them.
 */
export function inRounds(
  graph: Graph,
  part: Part,
  size: number,
  as: (b: Builder, result: Value) => Value = (_, result) => result,
): Rounds | Refusal {
  const last = [...part.region.members.keys()].at(-1)
  const results = new Map<Value, Value>()
  let refusal: Refusal | undefined
  const rules: Rewrite = {
    node(node, _, copy) {
      if (node !== last) return undefined
      const computed = loopOf(copy, part, size)
      if ('reason' in computed) {
        refusal = computed
        return undefined
      }
      part.results.forEach((old, k) => {
        const value = computed[k]
        if (value) results.set(old, as(copy.b, value))
      })
      for (const [old, value] of results) copy.set(old, value)
      return node.outputs.map((v) => results.get(v) ?? null)
    },
  }
  const copier = new Copier(new Builder({ next: idAfter(graph) }), rules, true)
  const rewritten = copier.b.finish(graph.name, copier.copy(graph))
  return refusal ?? { graph: slice(rewritten), results, moved: (value) => copier.value(value) }
}

/** The results of a part, of all samples. */
function loopOf(copy: Copier, { region, results }: Part, size: number): readonly Value[] | Refusal {
  const { b: outer } = copy
  const body = new RegionBody(outer, region, size, { outside: (value) => copy.value(value) })
  const { b } = body
  const condition = b.input('condition', { dtype: 'bool', shape: [] })
  for (const [node, member] of region.members) {
    const reason = body.add(node, member)
    if (reason !== undefined) return { node, reason }
  }
  const graph = b.finish('samples', [
    { name: 'condition_out', value: b.op('Identity', [condition]) },
    ...results.map((value, k) => ({ name: `result_${k}`, value: body.operand(value, null) })),
  ])
  const stacked = outer.node('Loop', [outer.scalar(region.rows / size, 'i64'), outer.scalar(1, 'bool')], {
    body: graph,
  })
  return stacked.map((stack, k) => {
    const value = results[k]
    if (!value) throw new Error('unreachable: the Loop stacks the results alone')
    return unstacked(outer, stack, value, region.axes.get(value) ?? 0)
  })
}

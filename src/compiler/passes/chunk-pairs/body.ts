import type { Builder } from '../../../graph/builder.js'
import type { Graph, Value } from '../../../graph/graph.js'
import { RegionBody } from '../by-rows/body.js'
import type { Refusal } from '../pass.js'
import { given } from '../simplify/rule.js'
import type { Region } from './region.js'

/** A chunk's share of a region's sum: the body and operands of a ChunkSum. */
export interface ChunkBody {
  readonly graph: Graph
  readonly inputs: readonly Value[]
  readonly axes: readonly number[]
}

/** Builds the region on `size` rows at a time. */
export function buildBody(
  outer: Builder,
  region: Region,
  size: number,
  differentiable: ReadonlySet<Value>,
): ChunkBody | Refusal {
  const body = new RegionBody(outer, region, size, { differentiable })
  for (const [node, member] of region.members) {
    if (node === region.exit) continue
    const reason = body.add(node, member)
    if (reason !== undefined) return { node, reason }
  }
  const { exit, rows } = region
  const { b, anchored } = body
  b.span = outer.span = exit.span
  const share = b.op(
    exit.op,
    [body.operand(given(exit.inputs, 0), null), exit.inputs[1] ?? null],
    exit.attributes,
  )
  const weight = exit.op === 'ReduceMean' ? size / rows : 1
  const outputs = [
    { name: 'share', value: b.scale(b.reshape(share, []), weight) },
    ...anchored.map(({ local }, k) => ({ name: `local_${k}`, value: local })),
  ]
  return {
    graph: b.finish('rows', outputs),
    inputs: anchored.map(({ value }) => value),
    axes: anchored.map(({ axis }) => axis ?? -1),
  }
}

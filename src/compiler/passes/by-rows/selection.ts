import { type Node, constantOf } from '../../../graph/graph.js'
import type { RowAxis } from '../../../ops/operator.js'

/** Places along an axis of rows, of which each row selects as many, all of its own. */
export interface Selection {
  readonly axis: number
  /** The row that a place belongs to, and where in the row it is; a row has `width` places. */
  readonly places: readonly { readonly row: number; readonly at: number }[]
  readonly width: number
}

/** A Slice along the axis of rows that reads, for each row of its result, that row alone: a diagonal. */
export function selectionWithinRows(node: Node, axis: RowAxis, rows: number): Selection | undefined {
  const shape = node.inputs[0]?.type.shape ?? []
  const [start, end, along, step] = [1, 2, 3, 4].map((k) => constantOf(node.inputs[k])?.data)
  if (node.op !== 'Slice' || axis === null || along?.length !== 1) return undefined
  const size = shape[axis] ?? 0
  const [from, to, by] = [start?.[0], end?.[0], step?.[0]]
  if (from === undefined || to === undefined || by === undefined || from < 0 || by < 1) return undefined
  if (((along[0] ?? 0) + shape.length) % shape.length !== axis) return undefined
  const places: number[] = []
  for (let place = from; place < Math.min(to < 0 ? to + size : to, size); place += by) places.push(place)

  const [width, taken] = [size / rows, places.length / rows]
  if (!Number.isInteger(taken) || taken === 0) return undefined
  const placed = places.map((place) => ({ row: Math.floor(place / width), at: place % width }))
  return placed.every(({ row }, k) => row === Math.floor(k / taken))
    ? { axis, places: placed, width }
    : undefined
}

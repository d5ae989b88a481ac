import type { Builder } from '../../../graph/builder.js'
import type { Node, Value } from '../../../graph/graph.js'
import { sameShape } from '../../../graph/types.js'
import { given, madeBy } from '../simplify/rule.js'

/**
 * What is known of a value whose rows repeat those of a smaller one: of the `count` rows of that each is there `inner`
 * times in a row, and all of this `outer` times: with 2 of each, r0 r0 r1 r1 r0 r0 r1 r1. A row may be a block of several
 * places along the axis.
 */
export interface Repeat {
  readonly base: Value
  readonly axis: number
  readonly outer: number
  readonly count: number
  readonly inner: number
}

export const sameRepetition = (a: Repeat, b: Repeat): boolean =>
  a.outer === b.outer && a.count === b.count && a.inner === b.inner

/** The rows of the repeated value. */
export const repeatedRows = ({ outer, count, inner }: Repeat): number => outer * count * inner

/** Recognises Reshape(Expand(x)) that merges an axis with its neighbours that grew. */
export function repeatBehind(
  b: Builder,
  node: Node,
  operand: Value,
  shape: readonly number[],
): Repeat | undefined {
  const expand = node.op === 'Reshape' ? madeBy(operand, 'Expand') : undefined
  if (!expand) return undefined
  const source = given(expand.inputs, 0)
  const expanded = operand.type.shape
  const from = [...expanded.slice(source.type.shape.length).map(() => 1), ...source.type.shape]
  const grown = expanded.flatMap((d, i) => (from[i] === d ? [] : [i]))
  for (const { axis, length, at } of merges(grown)) {
    if (axis < 0 || axis + length > expanded.length) continue
    const group = expanded.slice(axis, axis + length)
    const rows = group.reduce((product, d) => product * d, 1)
    if (!sameShape([...expanded.slice(0, axis), rows, ...expanded.slice(axis + length)], shape)) continue
    const [outer = 1, count = 1, inner = 1] = at === 0 ? [1, ...group] : group
    const base = b.reshape(
      source,
      shape.map((d, i) => (i === axis ? count : d)),
    )
    return { base, axis, outer, count, inner }
  }
  return undefined
}

/** Which axes may have been merged into `axis`, so many from it on, the rows among them at `at`. */
function merges(
  grown: readonly number[],
): readonly { readonly axis: number; readonly length: number; readonly at: number }[] {
  const [p, q, ...more] = grown
  if (p === undefined || more.length > 0) return []
  if (q !== undefined) return q === p + 2 ? [{ axis: p, length: 3, at: 1 }] : []
  return [
    { axis: p - 1, length: 2, at: 0 },
    { axis: p, length: 2, at: 1 },
  ]
}

/** The repeated value in full. */
export function materialise(b: Builder, repeat: Repeat): Value {
  const { base, axis, outer, count, inner } = repeat
  const { shape } = base.type
  const block = (shape[axis] ?? 1) / count
  const around = (...middle: number[]): number[] => [
    ...shape.slice(0, axis),
    ...middle,
    ...shape.slice(axis + 1),
  ]
  const before = (times: number): number[] => (outer > 1 ? [times] : [])
  const [thin, wide] =
    inner > 1
      ? [around(...before(1), count, 1, block), around(...before(outer), count, inner, block)]
      : [around(1, count * block), around(outer, count * block)]
  return b.reshape(b.expand(b.reshape(base, thin), wide), around(repeatedRows(repeat) * block))
}

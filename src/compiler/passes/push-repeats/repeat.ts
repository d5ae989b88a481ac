import type { Builder } from '../../../graph/builder.js'
import type { Node, Value } from '../../../graph/graph.js'
import { sameShape } from '../../../graph/types.js'
import { given, madeBy } from '../simplify/rule.js'

/**
 * What is known of a value whose rows repeat those of a smaller one. With `count` rows of the smaller value and
 * `times` repetitions, `each` is r0 r0 r1 r1 (the row changes slowly), `whole` is r0 r1 r0 r1. A row may be a block
 * of several places along the axis.
 */
export interface Repeat {
  readonly base: Value
  readonly axis: number
  readonly count: number
  readonly times: number
  readonly kind: 'each' | 'whole'
}

export const sameRepetition = (a: Repeat, b: Repeat): boolean =>
  a.kind === b.kind && a.count === b.count && a.times === b.times

/** Recognises Reshape(Expand(x)) that merges the one axis that grew with a neighbour. */
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
  const [p] = grown
  if (p === undefined || grown.length !== 1) return undefined
  for (const [axis, kind] of [
    [p - 1, 'each'],
    [p, 'whole'],
  ] as const) {
    if (axis < 0) continue
    const merged = [
      ...expanded.slice(0, axis),
      (expanded[axis] ?? 1) * (expanded[axis + 1] ?? 1),
      ...expanded.slice(axis + 2),
    ]
    if (axis + 1 >= expanded.length || !sameShape(merged, shape)) continue
    const count = expanded[kind === 'each' ? axis : axis + 1] ?? 1
    const base = b.reshape(
      source,
      shape.map((d, i) => (i === axis ? count : d)),
    )
    return { base, axis, count, times: expanded[p] ?? 1, kind }
  }
  return undefined
}

/** The repeated value in full. */
export function materialise(b: Builder, { base, axis, count, times, kind }: Repeat): Value {
  const { shape } = base.type
  const block = (shape[axis] ?? 1) / count
  const around = (...middle: number[]): number[] => [
    ...shape.slice(0, axis),
    ...middle,
    ...shape.slice(axis + 1),
  ]
  const [thin, wide] =
    kind === 'each'
      ? [around(count, 1, block), around(count, times, block)]
      : [around(1, count * block), around(times, count * block)]
  return b.reshape(b.expand(b.reshape(base, thin), wide), around(count * times * block))
}

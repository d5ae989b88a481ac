import type { Value } from '../../graph/graph.js'
import { sameShape } from '../../graph/types.js'

/** The shape of a value with leading ones up to the rank of what it was expanded to. */
export const aligned = (inner: Value, expanded: readonly number[]): readonly number[] => [
  ...expanded.slice(inner.type.shape.length).map(() => 1),
  ...inner.type.shape,
]

/**
 * The shape that `from` must get so that expanding it to `to` equals reshaping its expansion; undefined where an axis
 * that grew is merged with one that did not.
 */
export function shapeBeforeExpand(
  from: readonly number[],
  expanded: readonly number[],
  to: readonly number[],
): readonly number[] | undefined {
  if (expanded.includes(0)) return undefined
  const shape: number[] = []
  let [i, j] = [0, 0]
  while (i < expanded.length || j < to.length) {
    // The smallest groups of axes of both shapes that hold equally many elements.
    const [startI, startJ] = [i, j]
    let [n, m] = [expanded[i++] ?? 1, to[j++] ?? 1]
    while (n !== m) {
      if (n < m) n *= expanded[i++] ?? 1
      else m *= to[j++] ?? 1
    }
    const own = from.slice(startI, i)
    const group = to.slice(startJ, j)
    if (own.every((d) => d === 1)) shape.push(...group.map(() => 1))
    else if (sameShape(own, expanded.slice(startI, i))) shape.push(...group)
    else return undefined
  }
  return shape
}

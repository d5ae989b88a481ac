import type { Builder } from '../graph/builder.js'
import type { Value } from '../graph/graph.js'

/** x with zeros before and after it along each axis; negative numbers cut off. */
export function padConstant(
  b: Builder,
  x: Value,
  before: readonly number[],
  after: readonly number[],
): Value {
  if ([...before, ...after].every((n) => n === 0)) return x
  return b.op('Pad', [x, b.ints([...before, ...after])], { mode: 'constant' })
}

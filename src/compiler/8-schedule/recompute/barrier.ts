import type { Builder } from '../../../graph/builder.js'
import type { Value } from '../../../graph/graph.js'
import { elementCount } from '../../../graph/types.js'

/**
 * A zero that is there once all the values are: what it is subtracted from keeps its bits, the sign of a zero too, and
 * waits for them. onnxruntime's walk over a graph leaves what nothing else waits for to the end, weights' gradients
 * with what they are computed from, and knows no other way to be told.
 */
export function zeroAfter(b: Builder, values: readonly Value[]): Value | null {
  const numbers = values.flatMap((v) => (v.type.dtype === 'f32' ? [firstOf(b, v)] : []))
  if (numbers.length === 0) return null
  const sum = numbers.reduce((x, y) => b.op('Add', [x, y]))
  const zero = b.scalar(0)
  // The same whatever the numbers are, NaN too.
  return b.op('Where', [b.op('Greater', [sum, zero]), zero, zero])
}

function firstOf(b: Builder, value: Value): Value {
  const flat = b.reshape(value, [elementCount(value.type.shape)])
  return b.op('Gather', [flat, b.scalar(0, 'i64')], { axis: 0 })
}

import type { Span } from '../../diagnostics/diagnostic.js'
import type { Value } from '../../graph/graph.js'
import type { Elaboration } from './elaboration.js'

/**
 * x with a share of its entries set to 0, others at each step; the rest is as it was. The host draws a key, the graph the
 * entries.
 */
export function dropped(x: Elaboration, input: Value, rate: number, span: Span): Value {
  const key = x.draw({ kind: 'randint', low: 0, high: 2 ** 32 }, { dtype: 'i64', shape: [2] }, span)
  return x.build(span, (g) => {
    const mask = g.op('DropoutMask', [key], { shape: [...input.type.shape], rate })
    x.masks.add(mask)
    return g.where(mask, input, g.scalar(0, input.type.dtype))
  })
}

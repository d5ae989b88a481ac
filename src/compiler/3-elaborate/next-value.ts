import { shapeMismatch, wrongType } from '../../diagnostics/catalogue/type.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import type { Value } from '../../graph/graph.js'
import { formatType, isFloat, sameShape, scalar } from '../../graph/types.js'
import type { Elaboration } from './elaboration.js'
import { fail } from './fail.js'
import { type Val, type Weight, describe } from './values.js'

/** A next value in the type of its state. */
export function asState(
  x: Elaboration,
  value: Val,
  { name, type, span: declared }: Weight,
  span: Span,
): Value {
  const number = value.kind === 'int' || (value.kind === 'float' && isFloat(type.dtype))
  if (number && type.shape.length === 0) return x.b.constant(scalar(value.value, type.dtype))
  if (value.kind !== 'tensor')
    return fail(wrongType(span, { wanted: 'a tensor', got: describe(value), where: `\`next ${name}\`` }))
  const { type: got } = value.value
  if (got.dtype === type.dtype && sameShape(got.shape, type.shape)) return value.value
  return fail(
    shapeMismatch(span, {
      message: `the state \`${name}\` is ${formatType(type)}, its next value ${formatType(got)}`,
      labels: [{ span: declared, message: 'declared here' }],
      help: got.dtype === type.dtype ? undefined : `\`cast(x, ${type.dtype})\` converts`,
    }),
  )
}

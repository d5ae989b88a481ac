import { wrongType } from '../../diagnostics/catalogue/type.js'
import type { Given } from './arguments.js'
import { fail } from './elaboration.js'
import type { Place } from './place.js'
import { type Val, describe, list } from './values.js'

/** `frozen(net)`: the model, a part of it or a list of parts, without gradient, training and `next`. */
export function frozen({ value, span }: Given): Val {
  if (value.kind === 'frozen') return value
  if (value.kind === 'instance' && value.place) return { kind: 'frozen', instance: value }
  if (value.kind === 'list') return list(value.items.map((item) => frozen({ value: item, span })))
  const help = value.kind === 'tensor' ? '`stop_gradient(x)` is for tensors' : undefined
  return fail(
    wrongType(span, { wanted: 'a model or a part of one', got: describe(value), where: '`frozen`', help }),
  )
}

/** A member of what is frozen. */
export function frozenMember(value: Val, at: Place): Val {
  if (value.kind === 'instance') return { kind: 'frozen', instance: value }
  if (value.kind === 'fn') return { ...value, frozen: at }
  return value.kind === 'list' ? list(value.items.map((item) => frozenMember(item, at))) : value
}

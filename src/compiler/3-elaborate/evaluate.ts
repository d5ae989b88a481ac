import { unnamedWeights, wrongType } from '../../diagnostics/catalogue/type.js'
import { unset } from '../../diagnostics/catalogue/name.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import type { Expression, Pattern } from '../1-parse/syntax.js'
import { type Elaboration, fail } from './elaboration.js'
import type { Environment } from './environment.js'
import { Unknown, unknown } from './fail.js'
import { joinPath } from './join-path.js'
import { isTraining } from './training.js'
import {
  type ListVal,
  type TupleVal,
  type Val,
  bool,
  describe,
  none,
  tensorVal,
  unknownVal,
} from './values.js'

/**
 * Evaluates an expression: static values at once, tensors as nodes of the elaboration's graph. What stands inside
 * others comes from the elaboration's table of forms, since they evaluate their parts with this function.
 */
export function evaluate(x: Elaboration, e: Expression, env: Environment): Val {
  x.tick(e.span)
  // most expressions are names and numbers
  if (e.kind === 'int' || e.kind === 'float') return e
  if (e.kind === 'name') return known(named(x, e, env))
  x.descend(e.span)
  try {
    const value = x.forms(x, e, env)
    x.checkSize(value, e.span)
    return known(value)
  } finally {
    x.ascend()
  }
}

/** What is made up may be nothing that is known. */
function known(value: Val): Val {
  if (value.kind === 'unknown') throw unknown
  return value
}

/** The same, where it may be unknown. */
export function evaluateOrUnknown(x: Elaboration, e: Expression, env: Environment): Val {
  if (!x.madeUp) return evaluate(x, e, env)
  try {
    return evaluate(x, e, env)
  } catch (error) {
    if (error instanceof Unknown) return unknownVal
    throw error
  }
}

const named = (x: Elaboration, e: Expression & { kind: 'name' }, env: Environment): Val =>
  read(x, env.get(e.name) ?? fail(unset(e.span, { name: e.name, member: env.isAbsent(e.name) })), e.span)

/** Binds the names of a pattern; `_` binds nothing. */
export function bind(env: Environment, pattern: Pattern, value: Val): void {
  if (pattern.kind === 'name-pattern') {
    if (pattern.name.text !== '_') env.set(pattern.name.text, value)
    return
  }
  if (value.kind === 'unknown') return pattern.items.forEach((p) => bind(env, p, value))
  if ((value.kind !== 'tuple' && value.kind !== 'list') || value.items.length !== pattern.items.length) {
    return fail(
      wrongType(pattern.span, { wanted: `a tuple of ${pattern.items.length}`, got: describe(value) }),
    )
  }
  pattern.items.forEach((p, k) => bind(env, p, value.items[k] ?? none))
}

/** The items of a list, tuple or range. */
export const items = (value: Val, span: Span): readonly Val[] => listed(value, span).items

/** A value that has to be a list, tuple or range. */
export function listed(value: Val, span: Span): ListVal | TupleVal {
  if (value.kind === 'list' || value.kind === 'tuple') return value
  const help = value.kind === 'int' ? `\`0..${value.value}\` counts from 0 to ${value.value - 1}` : undefined
  return fail(wrongType(span, { wanted: 'a list or a range', got: describe(value), help }))
}

/** A parameter or state that is read becomes a tensor of the graph, the mode a truth; all else is itself. */
export function read(x: Elaboration, value: Val, span: Span): Val {
  if (value.kind !== 'weight' && value.kind !== 'mode') return value
  const { instance } = value
  if (!instance.place) return fail(unnamedWeights(span, { module: instance.declaration.name.text }))
  if (value.kind === 'mode') return bool(isTraining(x, instance))
  const { model, path } = instance.place
  const { weight } = value
  const found = x.read(model, joinPath(path, weight.name), weight)
  return tensorVal(weight.state && !x.isAfterUpdate ? x.states.value(instance, weight, found) : found)
}

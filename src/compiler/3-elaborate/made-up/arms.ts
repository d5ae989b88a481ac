import type { Expression } from '../../1-parse/syntax.js'
import { namesSetIn } from '../../2-resolve/names/bindings.js'
import { sameShape } from '../../../graph/types.js'
import type { Elaboration } from '../elaboration.js'
import { Environment } from '../environment.js'
import { evaluateOrUnknown, items } from '../evaluate.js'
import { unknown } from '../fail.js'
import { type FunctionVal, type Val, none, staticEqual, unknownVal } from '../values.js'
import { lookAtFunction } from './function.js'

/**
 * The value of a choice whose arms are all looked at, also those that the condition does not take. What they do not
 * agree on is unknown behind it: so nothing is said that depends on which of them is taken. An arm may be none.
 */
export function everyArm(
  x: Elaboration,
  env: Environment,
  condition: () => unknown,
  arms: readonly (Expression | undefined)[],
): Val {
  x.mistakes.orFailed(env, () => [], condition)
  const names = new Set(arms.flatMap((arm) => (arm ? [...namesSetIn(arm)] : [])))
  const inner = arms.map(() => new Environment(env))
  const evaluated = (): Val[] =>
    x.mistakes.each([...arms.entries()], ([k, arm]) =>
      arm ? evaluateOrUnknown(x, arm, inner[k] ?? env) : none,
    )
  try {
    const value = evaluated().reduce(agreed)
    if (value.kind === 'unknown') throw unknown
    return value
  } finally {
    for (const name of names)
      x.mistakes.orFailed(
        env,
        () => [name],
        () => env.set(name, inner.map((e) => e.get(name) ?? unknownVal).reduce(agreed)),
      )
  }
}

function agreed(a: Val, b: Val): Val {
  if (a === b) return a
  if (a.kind === 'tensor' && b.kind === 'tensor') {
    const [p, q] = [a.value.type, b.value.type]
    return p.dtype === q.dtype && sameShape(p.shape, q.shape) ? a : unknownVal
  }
  return staticEqual(a, b) === true ? a : unknownVal
}

/** What a loop goes through; of what is made up one item, of which nothing is known. */
export function rounds(x: Elaboration, iterable: Expression, env: Environment): readonly Val[] {
  const value = evaluateOrUnknown(x, iterable, env)
  return value.kind === 'unknown' ? [unknownVal] : items(value, iterable.span)
}

/** A function that is declared in a block; what it does is looked at by itself. */
export function local(x: Elaboration, fn: FunctionVal): FunctionVal {
  if (x.madeUp?.looksAt(fn.declaration.span) === true) lookAtFunction(x, fn)
  return fn
}

import type { Expression } from '../1-parse/syntax.js'
import type { Elaboration } from './elaboration.js'
import type { Environment } from './environment.js'
import { evaluate } from './evaluate.js'

/** What a dimension says about a size: it fits, it gives a new name its number, or it wants another size. */
export type DimMatch =
  | { readonly kind: 'fits' }
  | { readonly kind: 'binds'; readonly name: string; readonly value: number }
  | { readonly kind: 'wants'; readonly value: number }
  /** No whole number in place of this name gives the size. */
  | { readonly kind: 'inexact'; readonly name: string }
  /** More than one name is new. */
  | { readonly kind: 'several'; readonly names: readonly string[] }
  /** The new name stands where it cannot be solved for, or this is no whole number. */
  | { readonly kind: 'unknown' }

/**
 * Compares a size with arithmetic on names. One name may be new, in sums, differences, products and quotients: it takes
 * the whole number that makes the size come out.
 */
export function matchDim(x: Elaboration, e: Expression, size: number, env: Environment): DimMatch {
  const news = unknowns(e, env)
  const [name] = news
  if (name === undefined) {
    const wanted = evaluate(x, e, env)
    if (wanted.kind !== 'int') return { kind: 'unknown' }
    return wanted.value === size ? { kind: 'fits' } : { kind: 'wants', value: wanted.value }
  }
  if (news.length > 1) return { kind: 'several', names: news }
  const value = solve(x, e, size, env)
  if (value === undefined) return { kind: 'unknown' }
  return Number.isInteger(value) && value >= 0 ? { kind: 'binds', name, value } : { kind: 'inexact', name }
}

/** The names of a dimension, each as often as it stands there, that have no number yet. */
function unknowns(e: Expression, env: Environment): readonly string[] {
  if (e.kind === 'name') return env.get(e.name)?.kind === 'int' ? [] : [e.name]
  if (e.kind === 'binary') return [...unknowns(e.left, env), ...unknowns(e.right, env)]
  return []
}

/** The number in place of the one new name of `e` that makes it `size`. */
function solve(x: Elaboration, e: Expression, size: number, env: Environment): number | undefined {
  if (e.kind === 'name') return size
  if (e.kind !== 'binary') return undefined
  const left = unknowns(e.left, env).length > 0
  const known = evaluate(x, left ? e.right : e.left, env)
  if (known.kind !== 'int') return undefined
  const inside = left ? e.left : e.right
  const k = known.value
  switch (e.operator) {
    case '+':
      return solve(x, inside, size - k, env)
    case '-':
      return solve(x, inside, left ? size + k : k - size, env)
    case '*':
      return exact(x, inside, size, k, env)
    case '/':
      return left ? solve(x, inside, size * k, env) : exact(x, inside, k, size, env)
    default:
      return undefined
  }
}

/** Goes on with a / b, which must be whole. */
function exact(
  x: Elaboration,
  inside: Expression,
  a: number,
  b: number,
  env: Environment,
): number | undefined {
  return b !== 0 && a % b === 0 ? solve(x, inside, a / b, env) : NaN
}

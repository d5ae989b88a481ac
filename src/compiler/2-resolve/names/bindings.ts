import { patternNames } from '../../1-parse/pattern-names.js'
import type { Expression, Pattern, Statement } from '../../1-parse/syntax.js'
import type { Binding } from './follower.js'

/** The names that an expression sets, or may set, in the function around it: one function is one scope. */
export function bindingsIn(e: Expression): readonly Binding[] {
  if (e.kind === 'block')
    return [...e.statements.flatMap(bindingsOf), ...(e.result ? bindingsIn(e.result) : [])]
  if (e.kind === 'if') return [...bindingsIn(e.then), ...(e.else ? bindingsIn(e.else) : [])]
  return e.kind === 'match' ? e.arms.flatMap((arm) => bindingsIn(arm.value)) : []
}

/** The same of a statement. */
export function bindingsOf(s: Statement): readonly Binding[] {
  switch (s.kind) {
    case 'fn':
      return [{ kind: 'fn', name: s.name, declaration: s }]
    case 'assign':
      return [...bindingsBy(s.pattern, s.value), ...bindingsIn(s.value)]
    case 'for':
      return [...bindingsBy(s.pattern, s.iterable, true), ...bindingsIn(s.body)]
    case 'if-statement':
      return [...bindingsIn(s.then), ...(s.else ? bindingsIn(s.else) : [])]
    case 'next':
      return []
  }
}

/** The names of a pattern for a value, or for each of its items. */
export const bindingsBy = (pattern: Pattern, value: Expression, each?: true): readonly Binding[] =>
  patternNames(pattern).map((name) => ({
    kind: 'local',
    name,
    value,
    whole: pattern.kind === 'name-pattern',
    ...(each ? { each } : {}),
  }))

const namesOf = (bindings: readonly Binding[]): ReadonlySet<string> =>
  new Set(bindings.map(({ name }) => name.text))

/** The names that a statement sets, or may set. */
export const namesSet = (s: Statement): ReadonlySet<string> => namesOf(bindingsOf(s))

/** The names that an expression sets, or may set, in the function around it. */
export const namesSetIn = (e: Expression): ReadonlySet<string> => namesOf(bindingsIn(e))

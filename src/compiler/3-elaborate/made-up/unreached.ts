import type { Span } from '../../../diagnostics/diagnostic.js'
import { childrenOf } from '../../1-parse/children.js'
import type {
  Expression,
  FunctionDeclaration,
  ModuleDeclaration,
  RecordDeclaration,
  Statement,
} from '../../1-parse/syntax.js'

/** What is evaluated when something calls it. */
export type Callable = FunctionDeclaration | ModuleDeclaration | RecordDeclaration

/** The parts of a declaration that were never evaluated: all of it, functions in it, and arms. */
export function unreached(declaration: Callable, reached: ReadonlySet<object>): readonly Span[] {
  if (!reached.has(declaration)) return [declaration.span]
  if (declaration.kind === 'fn') return unreachedIn(declaration.body, reached)
  if (declaration.kind === 'record') return []
  return declaration.members.flatMap((member) => {
    if (member.kind === 'fn') return unreached(member, reached)
    return member.kind === 'field' ? unreachedIn(member.value, reached) : []
  })
}

/** The same of an expression that was evaluated. */
export function unreachedIn(expression: Expression, reached: ReadonlySet<object>): readonly Span[] {
  const parts: Span[] = []
  const fn = (d: FunctionDeclaration): void => void parts.push(...unreached(d, reached))
  const arm = (e: Expression | undefined): void => {
    if (e && !reached.has(e)) parts.push(e.span)
    else if (e) walk(e)
  }
  const statement = (s: Statement): void => {
    if (s.kind === 'fn') return fn(s)
    if (s.kind === 'if-statement') {
      walk(s.condition)
      arm(s.then)
      return arm(s.else)
    }
    if (s.kind !== 'for') return walk(s.value)
    walk(s.iterable)
    walk(s.body)
  }
  const walk = (e: Expression): void => {
    switch (e.kind) {
      case 'block':
        e.statements.forEach(statement)
        return e.result && walk(e.result)
      case 'function':
        return fn(e.function)
      case 'comprehension':
        walk(e.iterable)
        return walk(e.value)
      case 'pairs':
        e.over.forEach(({ count }) => walk(count))
        return walk(e.value)
      case 'if':
        walk(e.condition)
        arm(e.then)
        return arm(e.else)
      case 'match':
        walk(e.subject)
        return e.arms.forEach(({ value }) => arm(value))
      default:
        return childrenOf(e).forEach(walk)
    }
  }
  walk(expression)
  return parts
}

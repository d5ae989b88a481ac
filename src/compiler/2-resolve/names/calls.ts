import { childrenOf } from '../../1-parse/children.js'
import type { Expression } from '../../1-parse/syntax.js'
import { followValue } from './expressions.js'
import type { Follower } from './follower.js'

/** A call of a plug-in: a source, an optimizer, a kind of evaluation, whose name is none of the file. */
export function followPlugin<S>(f: Follower<S>, e: Expression, scope: S): void {
  if (e.kind === 'call') for (const { value } of e.arguments) followValue(f, value, scope)
}

/** How a parameter begins: `zeros`, `normal(std = 0.02)`, or a number. */
export function followInitial<S>(f: Follower<S>, init: Expression, scope: S): void {
  const callee = init.kind === 'call' ? init.callee : init
  if (callee.kind === 'name') f.use(scope, { text: callee.name, span: callee.span }, 'initial value')
  else followValue(f, callee, scope)
  followPlugin(f, init, scope)
}

/** What is computed of a row: columns, `let`s over them, and values of the pipeline where neither has the name. */
export function followColumns<S>(f: Follower<S>, e: Expression, scope: S): void {
  switch (e.kind) {
    case 'name':
      return f.use(scope, { text: e.name, span: e.span }, 'column')
    case 'call':
      return e.arguments.forEach((a) => followColumns(f, a.value, scope))
    case 'comprehension':
    case 'pairs':
    case 'block':
    case 'function':
      return
    default:
      for (const child of childrenOf(e)) followColumns(f, child, scope)
  }
}

import { unusedValue } from '../../diagnostics/catalogue/syntax.js'
import type { Diagnostic, Span } from '../../diagnostics/diagnostic.js'
import type { Expression, Statement } from './syntax.js'

/** What a block holds before it is known which expression is the last. */
export type Line = Statement | { readonly kind: 'value'; readonly value: Expression }

type If = Extract<Expression, { kind: 'if' }>

/**
 * The block of some lines: the last expression is its value, unless it is an `if` that has none; an `if` before the
 * end is a statement, and any other expression there is a mistake.
 */
export function blockOf(
  lines: readonly Line[],
  span: Span,
  report: (problem: Diagnostic) => void,
): Expression {
  const statements: Statement[] = []
  for (const [i, line] of lines.entries()) {
    if (line.kind !== 'value') {
      statements.push(line)
      continue
    }
    const { value } = line
    const last = i === lines.length - 1
    if (last && !(value.kind === 'if' && !hasValue(value)))
      return { kind: 'block', statements, result: value, span }
    if (value.kind === 'if') {
      if (!last && hasValue(value)) report(unusedValue(valueOf(value)?.span ?? value.span, undefined))
      const { condition, then, else: otherwise } = value
      const rest = otherwise ? { else: otherwise } : {}
      statements.push({ kind: 'if-statement', condition, then, ...rest, span: value.span })
    } else if (value.kind !== 'missing') report(unusedValue(value.span, undefined))
  }
  return { kind: 'block', statements, span }
}

const hasValue = (e: If): boolean => valueOf(e) !== undefined

/** The first branch value of an `if`. */
function valueOf(e: Expression): Expression | undefined {
  if (e.kind === 'block') return e.result
  if (e.kind !== 'if') return e.kind === 'missing' ? undefined : e
  return valueOf(e.then) ?? (e.else && valueOf(e.else))
}

import { deadArm, deadComparison, repeatedArm } from '../../../diagnostics/catalogue/pipeline.js'
import type { Diagnostics, Span } from '../../../diagnostics/diagnostic.js'
import { closest } from '../../../diagnostics/suggest.js'
import type { Expression } from '../../1-parse/syntax.js'
import { quantityText } from '../../1-parse/units.js'
import type { Comparison, Match, Subjects } from '../text-uses.js'
import { deadPatterns, textsOf } from './arms.js'
import { isAskedOfNoMore } from './own.js'
import type { Rule } from './rule.js'

/**
 * Warns of arms and comparisons that ask for a text which the type of the value does not have, and of arms below one
 * that takes the same.
 */
export const deadArms: Rule = (input, diagnostics) => {
  const isAll = isAskedOfNoMore(input)
  for (const [question, subjects] of input.statics.files.texts.asked) {
    if (question.kind === 'match' && question.span.file === input.program.entry)
      repeated(question, diagnostics)
    if (!isAll(question.span, subjects)) continue
    if (question.kind === 'match') deadIn(question, subjects, diagnostics)
    else compared(question, subjects, diagnostics)
  }
}

function deadIn(match: Match, subjects: Subjects, diagnostics: Diagnostics): void {
  const [choices] = subjects.choices.values()
  const texts = textsOf(subjects)
  if (!choices || !texts) return
  for (const { pattern, text, suggestion } of deadPatterns(match, subjects)) {
    const { what, type } = choices
    diagnostics.add(deadArm(pattern.span, { text, what, texts, suggestion, declared: type.span }))
  }
}

function compared(comparison: Comparison, subjects: Subjects, diagnostics: Diagnostics): void {
  const { left, right, operator } = comparison
  const literal = left.kind === 'string' ? left : right
  const texts = textsOf(subjects)
  const [choices] = subjects.choices.values()
  if (literal.kind !== 'string' || !choices || !texts || texts.includes(literal.value)) return
  const { what, type } = choices
  const suggestion = closest(literal.value, texts)
  const holds = operator === '!='
  diagnostics.add(
    deadComparison(literal.span, {
      text: literal.value,
      what,
      texts,
      suggestion,
      declared: type.span,
      holds,
    }),
  )
}

function repeated(match: Match, diagnostics: Diagnostics): void {
  const above = new Map<string, Span>()
  for (const { patterns } of match.arms) {
    for (const pattern of patterns) {
      const text = patternText(pattern)
      const all = above.get('_')
      const first = all ?? (text === undefined ? undefined : above.get(text))
      if (first) diagnostics.add(repeatedArm(pattern.span, { pattern: all ? '_' : (text ?? ''), first }))
      else if (text !== undefined) above.set(text, pattern.span)
    }
  }
}

/** A pattern as it is written; undefined where it is the value of a name. */
function patternText(p: Expression): string | undefined {
  switch (p.kind) {
    case 'string':
      return JSON.stringify(p.value)
    case 'int':
    case 'float':
    case 'bool':
      return String(p.value)
    case 'unary':
      return p.operator === '-' ? `-${patternText(p.operand) ?? ''}` : undefined
    case 'quantity':
      return quantityText(p)
    case 'none':
      return 'none'
    case 'name':
      return p.name === '_' ? '_' : undefined
    default:
      return undefined
  }
}

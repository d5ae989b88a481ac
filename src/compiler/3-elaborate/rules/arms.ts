import { closest } from '../../../diagnostics/suggest.js'
import type { Expression, MatchArm } from '../../1-parse/syntax.js'
import type { Choices, Match, Subjects } from '../text-uses.js'
import { contains } from './own.js'

/** A text of a `match` that none of its subjects is ever, and what it was probably meant to be. */
export interface DeadPattern {
  readonly pattern: Expression
  readonly text: string
  readonly suggestion: string | undefined
}

/** The patterns of a `match` that are texts; whether there are others, which may take any text. */
export function textPatterns(match: Match): {
  readonly texts: readonly (Expression & { readonly kind: 'string' })[]
  readonly others: boolean
} {
  const patterns = match.arms.flatMap((arm) => arm.patterns)
  return {
    texts: patterns.filter((p) => p.kind === 'string'),
    others: patterns.some((p) => p.kind === 'name' || p.kind === 'field'),
  }
}

/** All that the subjects of a question may be; undefined where some have no such type. */
export function textsOf({ open, choices }: Subjects): readonly string[] | undefined {
  if (open || choices.size === 0) return undefined
  return [...new Set([...choices.values()].flatMap((c: Choices) => c.texts))]
}

/** What is dead in a `match`. A text that has an arm already is nothing that another arm was meant to be. */
export function deadPatterns(match: Match, subjects: Subjects): readonly DeadPattern[] {
  const texts = textsOf(subjects)
  if (!texts) return []
  const patterns = textPatterns(match).texts
  const without = texts.filter((text) => !patterns.some((p) => p.value === text))
  return patterns
    .filter((p) => !texts.includes(p.value))
    .map((p) => ({ pattern: p, text: p.value, suggestion: closest(p.value, without) }))
}

/** Whether a text gets to a `match` that stands in an arm of another one on the same name. */
export function reaches(text: string, inner: Match, outer: Match): boolean {
  const [a, b] = [inner.subject, outer.subject]
  if (inner === outer || a.kind !== 'name' || b.kind !== 'name' || a.name !== b.name) return true
  const around = outer.arms.find(({ value }) => contains(value.span, inner.span))
  if (!around) return true
  const takes = (arm: MatchArm): boolean =>
    arm.patterns.some((p) => (p.kind === 'string' ? p.value === text : p.kind === 'name'))
  return outer.arms.find(takes) === around
}

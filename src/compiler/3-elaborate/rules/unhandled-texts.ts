import { unhandledText } from '../../../diagnostics/catalogue/pipeline.js'
import type { Span } from '../../../diagnostics/diagnostic.js'
import { closest } from '../../../diagnostics/suggest.js'
import type { TypeSyntax } from '../../1-parse/syntax.js'
import type { Refusal } from '../text-uses.js'
import { deadPatterns, reaches, textPatterns } from './arms.js'
import { isAskedOfNoMore, isOwn } from './own.js'
import type { Rule, RuleInput } from './rule.js'

/**
 * Warns of texts of a type that a `match` on the value has no arm for, or that something refuses to which the value is
 * given. It is told at the text where that may be changed, and else at what has no use for it.
 */
export const unhandledTexts: Rule = (input, diagnostics) => {
  const own = isOwn(input)
  for (const refusal of [...withoutArm(input), ...input.statics.files.texts.refusals]) {
    const { choices, refused, what: by, taken, span } = refusal
    for (const text of refused) {
      const literal = literalOf(choices.type, text)
      const isText = own(literal)
      if (!isText && !own(span)) continue
      const unused = taken.filter((t) => !choices.texts.includes(t))
      const suggestion = isText ? closest(text, unused) : undefined
      const [at, other] = isText ? [literal, span] : [span, literal]
      diagnostics.add(unhandledText(at, { text, what: choices.what, by, taken, suggestion, isText, other }))
    }
  }
}

/** What each `match` refuses. An arm with a slip is told by itself: the text that it means is not missing. */
function withoutArm(input: RuleInput): readonly (Omit<Refusal, 'what'> & { readonly what?: undefined })[] {
  const isAll = isAskedOfNoMore(input)
  const { asked } = input.statics.files.texts
  const matches = [...asked.keys()].filter((question) => question.kind === 'match')
  return [...asked].flatMap(([match, subjects]) => {
    if (match.kind !== 'match') return []
    const { texts, others } = textPatterns(match)
    if (others || texts.length === 0) return []
    const { span } = match.subject
    const taken = texts.map((p) => p.value)
    const slips = isAll(match.span, subjects) ? deadPatterns(match, subjects).map((d) => d.suggestion) : []
    return [...subjects.choices.values()].map((choices) => {
      const refused = choices.texts.filter(
        (text) =>
          !taken.includes(text) &&
          !slips.includes(text) &&
          matches.every((outer) => reaches(text, match, outer)),
      )
      return { choices, refused, taken, span }
    })
  })
}

/** Where a type names a text. */
function literalOf(type: TypeSyntax, text: string): Span {
  const items = type.kind === 'union-type' ? type.items : [type]
  return items.find((item) => item.kind === 'literal-type' && item.value === text)?.span ?? type.span
}

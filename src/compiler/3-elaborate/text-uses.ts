import type { Span } from '../../diagnostics/diagnostic.js'
import type { Expression, TypeSyntax } from '../1-parse/syntax.js'
import type { TextVal, Val } from './values.js'

/** The texts that a type names, and what was declared with it: "param `target`". */
export interface Choices {
  readonly type: TypeSyntax
  readonly texts: readonly string[]
  readonly what: string
}

export type Match = Expression & { readonly kind: 'match' }
/** `==` or `!=` with a text on one side. */
export type Comparison = Expression & { readonly kind: 'binary'; readonly operator: '==' | '!=' }

/** What a question was asked of. */
export interface Subjects {
  readonly choices: Map<TypeSyntax, Choices>
  /** Also of values that are not among the texts of any type. */
  open: boolean
}

/** Texts of a type that something refuses to which the value is given. */
export interface Refusal {
  readonly choices: Choices
  readonly refused: readonly string[]
  /** Who refuses them: "`variance` of `ddpm_sample`". */
  readonly what: string
  readonly taken: readonly string[]
  readonly span: Span
}

/**
 * Notes, while a pipeline is evaluated with one text of each type, what would become of the other texts: the value takes
 * its type along to wherever it is asked for.
 */
export class TextUses {
  readonly asked = new Map<Match | Comparison, Subjects>()
  readonly refusals: Refusal[] = []

  /** The value of a type; its choices are from now on those of this type. */
  choose(type: TypeSyntax, value: TextVal, site: { readonly what: string; readonly span: Span }): TextVal {
    const texts = textsOf(type)
    if (!texts) return value
    this.give(value, texts, site)
    return { ...value, choices: { type, texts, what: site.what } }
  }

  /** Notes that a value is given to what takes these texts and no others. */
  give(
    { choices }: TextVal,
    taken: readonly string[],
    { what, span }: { readonly what: string; readonly span: Span },
  ): void {
    const refused = choices?.texts.filter((text) => !taken.includes(text)) ?? []
    if (choices && refused.length > 0) this.refusals.push({ choices, refused, what, taken, span })
  }

  /** Notes of what value a `match` or a comparison chooses by. */
  ask(question: Match | Comparison, subject: Val): void {
    let subjects = this.asked.get(question)
    if (!subjects) this.asked.set(question, (subjects = { choices: new Map(), open: false }))
    const choices = subject.kind === 'string' ? subject.choices : undefined
    if (choices) subjects.choices.set(choices.type, choices)
    else subjects.open = true
  }
}

/** Whether a binary expression compares with a text that stands there. */
export const isComparison = (e: Expression): e is Comparison =>
  e.kind === 'binary' &&
  (e.operator === '==' || e.operator === '!=') &&
  (e.left.kind === 'string' || e.right.kind === 'string')

/** The texts that a type names; undefined where it takes any text. */
function textsOf(type: TypeSyntax): readonly string[] | undefined {
  const items = type.kind === 'union-type' ? type.items : [type]
  if (items.some((item) => item.kind === 'named-type' && item.name.text === 'string')) return undefined
  return items.flatMap((item) => (item.kind === 'literal-type' ? [item.value] : []))
}

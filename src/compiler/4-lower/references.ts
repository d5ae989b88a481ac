import { badEvaluation } from '../../diagnostics/catalogue/evaluate.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import type { Expression } from '../1-parse/syntax.js'
import { fail } from '../3-elaborate/elaboration.js'
import { type Val, describe } from '../3-elaborate/values.js'
import type { KindCall } from './evaluation-arguments.js'

/** What an argument is, and where it is written. */
export interface Argument {
  readonly value: Val
  readonly span: Span
}

/** What is measured beside an evaluation: the same call with some arguments replaced. */
export interface Reference {
  readonly name: string
  readonly arguments: ReadonlyMap<string, Argument>
}

/**
 * `beside = { pixels: { features: flatten(digits.image, 1) } }`: by the names of references, arguments in place of those
 * of the call. Settings stay, so a reference is measured by the same protocol.
 */
export function referencesOf(
  { kind, expressions, beside }: KindCall,
  valueOf: (e: Expression) => Val,
): readonly Reference[] {
  if (!beside) return []
  const given = valueOf(beside)
  if (given.kind === 'none') return []
  const wrong = (span: Span, message: string, help?: string): never =>
    fail(badEvaluation(span, { message: `\`beside\` ${message}`, help }))
  if (given.kind !== 'record')
    return wrong(beside.span, `takes a record of references, got ${describe(given)}`)
  const names = expressions.map(({ parameter }) => parameter.name)
  return [...given.fields].map(([name, fields]) => {
    const at = fieldOf(beside, name)
    if (fields.kind !== 'record')
      return wrong(
        at.span,
        `takes for \`${name}\` a record of arguments, got ${describe(fields)}`,
        `say what \`${kind.name}\` reads in its place: \`${name}: { ${names[0] ?? ''}: ... }\``,
      )
    const values = [...fields.fields].map(([argument, value]): readonly [string, Argument] => {
      const { span } = fieldOf(at, argument)
      if (names.includes(argument)) return [argument, { value, span }]
      const near = closest(argument, names)
      const help = near === undefined ? `it reads ${names.join(', ')}` : `did you mean \`${near}\`?`
      return wrong(
        span,
        `gives \`${name}\` another \`${argument}\`, which this \`${kind.name}\` does not read`,
        help,
      )
    })
    return { name, arguments: new Map(values) }
  })
}

/** Where a field is written; the whole, where it is not written as a record. */
const fieldOf = (e: Expression, name: string): Expression =>
  (e.kind === 'record' && e.fields.find((field) => field.name.text === name)?.value) || e

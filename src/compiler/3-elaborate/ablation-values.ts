import { badVaried, setTwice, unknownVaried } from '../../diagnostics/catalogue/ablation.js'
import { type Diagnostics, type Span, UserError } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import type {
  AblationDeclaration,
  AblationEntry,
  Expression,
  SeedsEntry,
  SelectEntry,
  VaryEntry,
} from '../1-parse/syntax.js'
import type { Program } from '../2-resolve/program.js'
import type { Variant } from '../2-resolve/variants.js'
import { Elaboration, fail } from './elaboration.js'
import { evaluate } from './evaluate.js'
import { forms } from './expressions.js'
import { Scope } from './scope.js'
import { matchType } from './types.js'
import { type Val, describe, staticEqual } from './values.js'

/** A value that a param takes, as `--set` would give it. */
interface VariedValue {
  readonly text: string
  readonly value: Val
  readonly span: Span
}

export interface Varied {
  readonly param: VaryEntry['param']
  readonly values: readonly VariedValue[]
}

/** What an ablation varies besides its variants: the values of params, and the seeds (none given: none). */
export interface AblationValues {
  /** With that whose values are chosen from, as the last. */
  readonly varied: readonly Varied[]
  readonly seeds: readonly number[]
  readonly select: SelectedValues | null
}

/** A param of which each variant gets one value, and the seeds by which that is chosen. */
export interface SelectedValues {
  readonly entry: SelectEntry
  readonly seeds: readonly number[]
}

/** Evaluates the lists of `vary` and `seeds`, and checks that each variant has the params and takes the values. */
export function ablationValues(
  program: Program,
  { entries, name }: AblationDeclaration,
  variants: readonly Variant[],
  diagnostics: Diagnostics,
): AblationValues {
  const scope = new Scope(program)
  const x = new Elaboration(forms, new Map(), new Map(), scope)
  const list = (e: Expression, what: string): readonly VariedValue[] => {
    try {
      return differentValues(evaluate(x, e, scope.file(name.span.file)), e, what)
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      diagnostics.add(error.diagnostic)
      return []
    }
  }
  const seedsIn = (e: Expression, what: string): readonly number[] =>
    list(e, what).flatMap(({ value, span }) => {
      if (value.kind === 'int' && value.value >= 0) return [value.value]
      diagnostics.add(
        badVaried(span, { message: `a seed is a whole number from 0 on, not ${describe(value)}` }),
      )
      return []
    })
  const varied: Varied[] = []
  let seeds: readonly number[] = []
  let seeded: SeedsEntry | undefined
  const again = (what: string, span: Span, first: Span): void =>
    diagnostics.add(setTwice(span, { what, first }))
  const vary = ({ param, values }: VaryEntry | SelectEntry, what: string): void => {
    const first = varied.find((v) => v.param.text === param.text)
    if (first) again(`\`${param.text}\``, param.span, first.param.span)
    else varied.push({ param, values: list(values, `\`${what} ${param.text}\``) })
  }
  for (const entry of entries) {
    if (entry.kind === 'seeds') {
      if (seeded) again('`seeds`', entry.span, seeded.span)
      const own = seedsIn(entry.values, '`seeds`')
      if (!seeded) seeds = own
      seeded ??= entry
    } else if (entry.kind === 'vary') vary(entry, 'vary')
  }
  const [chosen, other] = entries.filter((entry) => entry.kind === 'select')
  if (chosen && other) again('`select`', other.span, chosen.span)
  if (chosen) vary(chosen, 'select')
  const select = chosen ? { entry: chosen, seeds: seedsIn(chosen.seeds, '`on seeds`') } : null
  for (const variant of variants)
    for (const v of varied) checkVaried(scope, x, variant, v, entries, diagnostics)
  return { varied, seeds, select }
}

/** The items of a list that all differ and can be written on a command line. */
function differentValues(given: Val, e: Expression, what: string): readonly VariedValue[] {
  if (given.kind !== 'list' || given.items.length === 0) {
    const got = given.kind === 'list' ? 'an empty list' : describe(given)
    return fail(
      badVaried(e.span, { message: `${what} takes a list of values, got ${got}`, help: 'write `[a, b]`' }),
    )
  }
  return given.items.map((value, k) => {
    const span = (e.kind === 'list' ? e.items[k]?.span : undefined) ?? e.span
    const text = settingText(value)
    if (text === undefined)
      return fail(
        badVaried(span, { message: `${what} takes numbers, booleans, none or text, got ${describe(value)}` }),
      )
    if (given.items.slice(0, k).some((other) => staticEqual(other, value) === true))
      return fail(badVaried(span, { message: `${what} has ${text} twice`, help: 'each value runs once' }))
    return { text, value, span }
  })
}

/** A value as `--set` takes it. */
function settingText(value: Val): string | undefined {
  if (value.kind === 'none') return 'none'
  if (value.kind === 'string') return JSON.stringify(value.value)
  return value.kind === 'int' || value.kind === 'float' || value.kind === 'bool'
    ? String(value.value)
    : undefined
}

function checkVaried(
  scope: Scope,
  x: Elaboration,
  { name: variant, pipeline }: Variant,
  { param, values }: Varied,
  entries: readonly AblationEntry[],
  diagnostics: Diagnostics,
): void {
  const found = pipeline.items.get(param.text)
  if (found?.item.kind !== 'param') {
    const known = [...pipeline.items].filter(([, { item }]) => item.kind === 'param').map(([n]) => n)
    const suggestion = closest(param.text, known)
    diagnostics.add(unknownVaried(param.span, { name: param.text, variant, suggestion, known }))
    return
  }
  const { item } = found
  const { type } = item
  // what another pipeline says is no part of the ablation
  if (entries.some(({ span }) => isInside(item.span, span)))
    diagnostics.add(setTwice(item.name.span, { what: `\`${param.text}\``, first: param.span }))
  for (const { value, span } of values) {
    try {
      if (type)
        matchType(x, type, value, scope.file(type.span.file), { what: `\`vary ${param.text}\``, span })
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      diagnostics.add(error.diagnostic)
    }
  }
}

const isInside = (a: Span, b: Span): boolean => a.file === b.file && b.start <= a.start && a.end <= b.end

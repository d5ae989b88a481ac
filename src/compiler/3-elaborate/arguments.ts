import { badArguments, wrongType } from '../../diagnostics/catalogue/type.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import type { Argument } from '../1-parse/syntax.js'
import { type Elaboration, fail } from './elaboration.js'
import type { Environment } from './environment.js'
import { unknown } from './fail.js'
import { evaluateOrUnknown } from './evaluate.js'
import { originOf } from './size-origins.js'
import { type Val, describe } from './values.js'

export interface Given {
  readonly value: Val
  readonly span: Span
  /** Where a static value was chosen, when the argument only passes it on. */
  readonly origin?: Span | undefined
}

/** Arguments as written: evaluated, in order, with their names. */
export interface GivenArguments {
  readonly list: readonly (Given & { readonly name?: { readonly text: string; readonly span: Span } })[]
  readonly span: Span
}

export function evaluateArguments(
  x: Elaboration,
  args: readonly Argument[],
  env: Environment,
  span: Span,
): GivenArguments {
  return {
    list: x.mistakes.each(args, ({ name, value: e }) => {
      const value = evaluateOrUnknown(x, e, env)
      // an environment keeps the origins of ints alone
      const origin = value.kind === 'int' ? originOf(e, env) : undefined
      return name ? { value, span: e.span, origin, name } : { value, span: e.span, origin }
    }),
    span,
  }
}

/** Arguments for what must know all of them. */
export function known(given: GivenArguments): GivenArguments {
  if (given.list.some(({ value }) => value.kind === 'unknown')) throw unknown
  return given
}

/** Matches arguments with parameter names: positional ones first, then named ones. */
export function bindArguments(
  callee: string,
  parameters: readonly string[],
  given: GivenArguments,
  declared?: Span,
): ReadonlyMap<string, Given> {
  const bound = new Map<string, Given>()
  let position = 0
  for (const argument of given.list) {
    const { name, span } = argument
    const target = name?.text ?? parameters[position++]
    if (target === undefined) {
      return fail(
        badArguments(span, {
          message: `\`${callee}\` takes ${count(parameters.length)}`,
          declared,
          help: signature(callee, parameters),
        }),
      )
    }
    if (!parameters.includes(target)) {
      const suggestion = closest(target, parameters)
      const help =
        suggestion === undefined ? signature(callee, parameters) : `did you mean \`${suggestion}\`?`
      return fail(
        badArguments(name?.span ?? span, {
          message: `\`${callee}\` has no parameter \`${target}\``,
          declared,
          help,
          suggestion: name && suggestion,
        }),
      )
    }
    if (bound.has(target))
      return fail(
        badArguments(name?.span ?? span, {
          message: `\`${target}\` of \`${callee}\` is given twice`,
          declared,
        }),
      )
    bound.set(target, argument)
  }
  return bound
}

const count = (n: number): string => (n === 0 ? 'no arguments' : n === 1 ? 'one argument' : `${n} arguments`)

const signature = (callee: string, parameters: readonly string[]): string =>
  `it is \`${callee}(${parameters.join(', ')})\``

export const missingArgument = (
  callee: string,
  name: string,
  parameters: readonly string[],
  span: Span,
  declared?: Span,
): never =>
  fail(
    badArguments(span, {
      message: `\`${callee}\` needs \`${name}\``,
      declared,
      help: signature(callee, parameters),
    }),
  )

/** Evaluates and binds in one go. */
export function bindStatic(
  x: Elaboration,
  callee: string,
  parameters: readonly string[],
  args: readonly Argument[],
  env: Environment,
  span: Span,
): ReadonlyMap<string, Given> {
  return bindArguments(callee, parameters, known(evaluateArguments(x, args, env, span)))
}

export function numberOf(value: Val, span: Span, where?: string): number {
  if (value.kind === 'int' || value.kind === 'float') return value.value
  return fail(
    wrongType(span, { wanted: 'a number', got: describe(value), ...(where === undefined ? {} : { where }) }),
  )
}

export function intOf(value: Val, span: Span, where?: string): number {
  if (value.kind === 'int') return value.value
  return fail(
    wrongType(span, { wanted: 'an int', got: describe(value), ...(where === undefined ? {} : { where }) }),
  )
}

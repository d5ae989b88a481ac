import { badArguments, wrongType } from '../../diagnostics/catalogue/type.js'
import { type Span, UserError } from '../../diagnostics/diagnostic.js'
import { closest } from '../../diagnostics/suggest.js'
import type { Argument, Identifier } from '../1-parse/syntax.js'
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
  readonly list: readonly (Given & { readonly name?: Identifier | undefined })[]
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
      return { value, span: e.span, origin, name }
    }),
    span,
  }
}

/** Arguments for what must know all of them. */
export function known(given: GivenArguments): GivenArguments {
  if (given.list.some(({ value }) => value.kind === 'unknown')) throw unknown
  return given
}

/** Matches arguments with parameter names: positional ones first, then named ones. All that is wrong is told. */
export function bindArguments<T extends { readonly span: Span; readonly name?: Identifier | undefined }>(
  x: Elaboration,
  callee: string,
  parameters: readonly string[],
  given: readonly T[],
  declared?: Span,
): ReadonlyMap<string, T> {
  const bound = new Map<string, T>()
  let position = 0
  let tooMany: UserError | undefined
  x.mistakes.each(given, (argument) => {
    const { name, span } = argument
    const target = name?.text ?? parameters[position++]
    if (target === undefined) {
      const message = `\`${callee}\` takes ${count(parameters.length)}`
      // the first that is too much stands for those behind it
      tooMany ??= new UserError(
        badArguments(span, { message, declared, help: signature(callee, parameters) }),
      )
      throw tooMany
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
  })
  return bound
}

const count = (n: number): string => (n === 0 ? 'no arguments' : n === 1 ? 'one argument' : `${n} arguments`)

const signature = (callee: string, parameters: readonly string[]): string =>
  `it is \`${callee}(${parameters.join(', ')})\``

export const missingArgument = (
  callee: string,
  missing: string | readonly string[],
  parameters: readonly string[],
  span: Span,
  declared?: Span,
): never => {
  const names = [missing].flat().map((name) => `\`${name}\``)
  const last = names.pop() ?? ''
  const needed = names.length === 0 ? last : `${names.join(', ')} and ${last}`
  return fail(
    badArguments(span, {
      message: `\`${callee}\` needs ${needed}`,
      declared,
      help: signature(callee, parameters),
    }),
  )
}

/** Evaluates and binds in one go. */
export function bindStatic(
  x: Elaboration,
  callee: string,
  parameters: readonly string[],
  args: readonly Argument[],
  env: Environment,
  span: Span,
): ReadonlyMap<string, Given> {
  return bindArguments(x, callee, parameters, known(evaluateArguments(x, args, env, span)).list)
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

import { shapeMismatch } from '../../diagnostics/catalogue/type.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import type { Parameter } from '../1-parse/syntax.js'
import { type GivenArguments, bindArguments, missingArgument } from './arguments.js'
import { bindBefore, namedEarlier, sizeNames } from './early-sizes.js'
import { type Elaboration, fail } from './elaboration.js'
import type { Environment } from './environment.js'
import { evaluate } from './evaluate.js'
import { Unknown } from './fail.js'
import { giveUnknown } from './made-up/give.js'
import type { Failure } from './mistakes.js'
import { type Site, matchType } from './types.js'
import { type Val, literal, staticEqual, unknownVal } from './values.js'

const parameterNames = new WeakMap<readonly Parameter[], readonly string[]>()

function namesOf(parameters: readonly Parameter[]): readonly string[] {
  const known = parameterNames.get(parameters)
  if (known) return known
  const names = parameters.map((p) => p.name.text)
  parameterNames.set(parameters, names)
  return names
}

/**
 * Binds arguments to declared parameters in an environment: types are checked, defaults see the parameters before. An
 * int that a dimension of an earlier parameter names is bound before that one.
 */
export function bindParameters(
  x: Elaboration,
  callee: string,
  parameters: readonly Parameter[],
  given: GivenArguments,
  environment: Environment,
  declared: Span,
): void {
  const names = namesOf(parameters)
  const bound = bindArguments(x, callee, names, given.list, declared)
  const early = namedEarlier(parameters)
  const bind = (parameter: Parameter): void => {
    const name = parameter.name.text
    const argument = bound.get(name)
    if (!argument && !parameter.default) {
      const missing = names.filter((other, k) => !bound.has(other) && !parameters[k]?.default)
      missingArgument(callee, missing, names, given.span, declared)
    }
    if (argument?.value.kind === 'unknown') return giveUnknown(x, parameter, environment)
    const value =
      argument?.value ?? (parameter.default ? evaluate(x, parameter.default, environment) : undefined)
    if (!value) throw new Error('unbound parameter')
    const span = argument?.span ?? parameter.span
    const site = { what: `\`${name}\` of \`${callee}\``, span, later: early }
    const typed = parameter.type ? matchType(x, parameter.type, value, environment, site) : value
    const by = early.get(name)
    if (by) checkSize(name, by, typed, environment, site)
    environment.set(name, typed, argument?.origin ?? span)
  }
  if (early.size === 0) return bindAll(x, parameters, bind, environment)
  const isFirst = ({ name: { text }, type, default: value }: Parameter): boolean =>
    early.has(text) &&
    (type === undefined || (type.kind === 'named-type' && type.name.text === 'int')) &&
    (bound.get(text)?.value ?? value)?.kind === 'int'
  const [first, others] = [parameters.filter(isFirst), parameters.filter((p) => !isFirst(p))]
  bindAll(x, [...first, ...others], bind, environment)
}

/**
 * Binds them in order, and tells all that is wrong: behind one that fails others are bound whose types have no size in
 * common with it, since it may be the one that gave such a size a wrong value.
 */
function bindAll(
  x: Elaboration,
  parameters: readonly Parameter[],
  bind: (parameter: Parameter) => void,
  environment: Environment,
): void {
  let first: Failure | undefined
  const lost = new Set<string>()
  for (const parameter of parameters) {
    if (first && sizesOf(parameter).some((name) => lost.has(name))) {
      lose(parameter, first, lost, environment)
      continue
    }
    try {
      bind(parameter)
    } catch (error) {
      const failure = x.mistakes.failure(error)
      first ??= failure
      lose(parameter, failure, lost, environment)
    }
  }
  if (first) throw first
}

/** What a parameter was to give a value has none, for the reason that it has none itself. */
function lose(parameter: Parameter, failure: Failure, lost: Set<string>, environment: Environment): void {
  for (const name of [parameter.name.text, ...sizesOf(parameter)]) {
    lost.add(name)
    if (failure instanceof Unknown) environment.set(name, unknownVal)
    else environment.fail(name, failure)
  }
}

const sizesOf = ({ type }: Parameter): readonly string[] => (type ? sizeNames(type) : [])

/** Refuses a value that differs from the size that an earlier parameter has given its name. */
function checkSize(name: string, by: Parameter, value: Val, environment: Environment, site: Site): void {
  const size = environment.hasOwn(name) ? environment.get(name) : undefined
  if (!size || staticEqual(size, value) === true) return
  fail(
    shapeMismatch(site.span, {
      message: `${site.what} is ${literal(value)}, but the type of \`${by.name.text}\` makes \`${name}\` ${literal(size)}`,
      labels: [{ span: by.type?.span ?? by.span, message: `\`${name}\` is a size here` }],
      help: bindBefore(name, by),
    }),
  )
}

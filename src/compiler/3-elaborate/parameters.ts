import { shapeMismatch } from '../../diagnostics/catalogue/type.js'
import type { Span } from '../../diagnostics/diagnostic.js'
import type { Parameter } from '../1-parse/syntax.js'
import { type GivenArguments, bindArguments, missingArgument } from './arguments.js'
import { bindBefore, namedEarlier } from './early-sizes.js'
import { type Elaboration, fail } from './elaboration.js'
import type { Environment } from './environment.js'
import { evaluate } from './evaluate.js'
import { giveUnknown } from './made-up/give.js'
import { type Site, matchType } from './types.js'
import { type Val, literal, staticEqual } from './values.js'

const parameterNames = new WeakMap<readonly Parameter[], readonly string[]>()

function namesOf(parameters: readonly Parameter[]): readonly string[] {
  const names = parameterNames.get(parameters) ?? parameters.map((p) => p.name.text)
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
  const bound = bindArguments(callee, names, given, declared)
  const early = namedEarlier(parameters)
  const bind = (parameter: Parameter): void => {
    const name = parameter.name.text
    const argument = bound.get(name)
    if (!argument && !parameter.default) missingArgument(callee, name, names, given.span, declared)
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
  if (early.size === 0) return parameters.forEach(bind)
  const isFirst = ({ name: { text }, type, default: value }: Parameter): boolean =>
    early.has(text) &&
    (type === undefined || (type.kind === 'named-type' && type.name.text === 'int')) &&
    (bound.get(text)?.value ?? value)?.kind === 'int'
  const [first, others] = [parameters.filter(isFirst), parameters.filter((p) => !isFirst(p))]
  first.forEach(bind)
  others.forEach(bind)
}

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

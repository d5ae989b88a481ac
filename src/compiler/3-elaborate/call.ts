import { notCallable, shapeMismatch } from '../../diagnostics/catalogue/type.js'
import { type Diagnostic, type Span, UserError } from '../../diagnostics/diagnostic.js'
import type { Expression, Parameter } from '../1-parse/syntax.js'
import { type GivenArguments, bindArguments, evaluateArguments, missingArgument } from './arguments.js'
import { callOperator } from './call-operator.js'
import { bindBefore, namedEarlier } from './early-sizes.js'
import { type Elaboration, fail } from './elaboration.js'
import { Environment } from './environment.js'
import { evaluate } from './evaluate.js'
import { instantiate } from './instantiate.js'
import { makeRecord } from './record-value.js'
import { type Site, matchType } from './types.js'
import { type FunctionVal, type Val, describe, literal, staticEqual } from './values.js'

export function call(x: Elaboration, e: Expression & { kind: 'call' }, env: Environment): Val {
  const callee = evaluate(x, e.callee, env)
  const given = evaluateArguments(x, e.arguments, env, e.span)
  return callValue(x, callee, given, e.callee.span)
}

export function callValue(x: Elaboration, callee: Val, given: GivenArguments, calleeSpan: Span): Val {
  switch (callee.kind) {
    case 'fn':
      return callFunction(x, callee, given)
    case 'operator':
      return callOperator(x, callee.definition, given)
    case 'special':
      return callee.definition.call(x, given)
    case 'module':
      return seenFrom(given.span, () =>
        x.enter(callee.declaration.name.text, given.span, () => instantiate(x, callee, given)),
      )
    case 'record-type':
      return makeRecord(x, callee, given)
    case 'instance': {
      const forward = callee.environment.hasOwn('forward') ? callee.environment.get('forward') : undefined
      if (forward?.kind === 'fn') return callFunction(x, forward, given, callee.declaration.name.text)
      if (forward?.kind === 'special') return forward.definition.call(x, given)
      const functions = callee.declaration.members.flatMap((m) => (m.kind === 'fn' ? [m.name.text] : []))
      return fail(
        notCallable(calleeSpan, {
          got: `${describe(callee)}, which has no function \`forward\`,`,
          help:
            functions.length > 0
              ? `it has the functions ${functions.map((f) => `\`${f}\``).join(', ')}`
              : undefined,
        }),
      )
    }
    default:
      return fail(notCallable(calleeSpan, { got: describe(callee) }))
  }
}

/** Calls a function; `shown` is what messages call it, where the user does not write its name. */
export function callFunction(x: Elaboration, fn: FunctionVal, given: GivenArguments, shown?: string): Val {
  const { declaration } = fn
  const name = declaration.name.text
  return seenFrom(given.span, () =>
    x.enter(name, given.span, () =>
      x.drawPath.within(name, () =>
        x.replayed(fn, given, () => {
          const environment = new Environment(fn.environment)
          bindParameters(x, shown ?? name, declaration.parameters, given, environment, declaration.name.span)
          const value = evaluate(x, declaration.body, environment)
          if (!declaration.result) return value
          return matchType(x, declaration.result, value, environment, {
            what: `the result of \`${name}\`${shown === undefined ? '' : ` of \`${shown}\``}`,
            span: declaration.body.span,
          })
        }),
      ),
    ),
  )
}

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

const isLibrary = (file: string): boolean => file.startsWith('std/')

/** A mistake that shows inside a library function is the caller's: the report points at the call, a label inside. */
function seenFrom<T>(caller: Span, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof UserError) || !isLibrary(error.diagnostic.span.file) || isLibrary(caller.file))
      throw error
    // what would mend the library mends nothing here
    const { fix: _, ...diagnostic } = error.diagnostic
    const inside = { span: diagnostic.span, message: 'inside the library, here' }
    const moved: Diagnostic = { ...diagnostic, span: caller, labels: [inside, ...diagnostic.labels] }
    throw new UserError(moved)
  }
}

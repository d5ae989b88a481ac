import { notCallable } from '../../diagnostics/catalogue/type.js'
import { type Diagnostic, type Span, UserError } from '../../diagnostics/diagnostic.js'
import type { Expression } from '../1-parse/syntax.js'
import { isLibrary } from '../2-resolve/program.js'
import { type GivenArguments, evaluateArguments, known } from './arguments.js'
import { callOperator } from './call-operator.js'
import { type Elaboration, fail } from './elaboration.js'
import { Environment } from './environment.js'
import { evaluate } from './evaluate.js'
import { evaluateBody } from './made-up/body.js'
import { instantiate } from './instantiate.js'
import { bindParameters } from './parameters.js'
import { makeRecord } from './record-value.js'
import { matchType } from './types.js'
import { type FunctionVal, type Val, describe } from './values.js'

export function call(x: Elaboration, e: Expression & { kind: 'call' }, env: Environment): Val {
  const callee = calleeOf(x, e, env)
  const given = evaluateArguments(x, e.arguments, env, e.span)
  return callValue(x, callee, given, e.callee.span)
}

function calleeOf(x: Elaboration, e: Expression & { kind: 'call' }, env: Environment): Val {
  try {
    return evaluate(x, e.callee, env)
  } catch (error) {
    return x.mistakes.behind(error, () => evaluateArguments(x, e.arguments, env, e.span))
  }
}

export function callValue(x: Elaboration, callee: Val, given: GivenArguments, calleeSpan: Span): Val {
  switch (callee.kind) {
    case 'fn':
      return callFunction(x, callee, given)
    case 'frozen': {
      const { instance } = callee
      if (!instance.place) throw new Error('what is frozen has a place')
      return x.frozenly(instance.place, () => callValue(x, instance, given, calleeSpan))
    }
    case 'operator':
      return callOperator(x, callee.definition, known(given))
    case 'special':
      return callee.definition.call(x, known(given))
    case 'module':
      return seenFrom(given.span, () =>
        x.enter(callee.declaration.name.text, given.span, () => instantiate(x, callee, given)),
      )
    case 'record-type':
      return makeRecord(x, callee, given)
    case 'instance': {
      const forward = callee.environment.hasOwn('forward') ? callee.environment.get('forward') : undefined
      if (forward?.kind === 'fn') return callFunction(x, forward, given, callee.declaration.name.text)
      if (forward?.kind === 'special') return forward.definition.call(x, known(given))
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
  const { declaration, frozen, ...rest } = fn
  if (frozen) return x.frozenly(frozen, () => callFunction(x, { ...rest, declaration }, given, shown))
  const name = declaration.name.text
  return seenFrom(given.span, () =>
    x.enter(name, given.span, () =>
      x.drawPath.within(name, () => {
        const environment = new Environment(fn.environment)
        bindParameters(x, shown ?? name, declaration.parameters, given, environment, declaration.name.span)
        x.reached.add(declaration)
        const run = (): Val => evaluateBody(x, declaration, environment)
        const value = fn.of ? x.states.call(fn.of, shown ?? name, given.span, run) : run()
        if (!declaration.result) return value
        return matchType(x, declaration.result, value, environment, {
          what: `the result of \`${name}\`${shown === undefined ? '' : ` of \`${shown}\``}`,
          span: declaration.body.span,
        })
      }),
    ),
  )
}

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
